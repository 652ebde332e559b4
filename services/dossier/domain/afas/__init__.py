"""The connectors of KnSubject in AFAS's own words and shapes (requirements §5), and what they mean here; all pure."""
