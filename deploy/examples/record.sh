#!/bin/sh
# Records one item, mails it, and waits until its mail has an outcome. Needs curl.
#   UITPOST_URL=http://127.0.0.1:8420 UITPOST_TOKEN=uitpost_… sh record.sh
set -eu

ask() {
  curl --silent --show-error --fail-with-body --retry 5 --retry-connrefused \
    -H "Authorization: Bearer $UITPOST_TOKEN" -H "Content-Type: application/json" "$@"
}

# The same request_id again is the same item: a request whose answer got lost is simply sent again.
accepted=$(ask "$UITPOST_URL/api/v1/dossier-items" --data @- <<'REQUEST'
{
  "request_id": "invitation-2026-curl",
  "type": "outgoing_mail",
  "subject": "Invitation 2026",
  "issue_method": "email",
  "sender_name": "The Bakery",
  "sender_address": "post@bakery.example",
  "body_layout_id": "invitation",
  "attachment_layout_id": "letter",
  "destinations": [
    {"kind": "person", "number": "3001",
     "recipient": {"name": "Anna de Vries", "email": "anna@home.example", "language": "nl"}}
  ]
}
REQUEST
)
run_id=$(printf '%s' "$accepted" | sed 's/.*"run_id":"\([^"]*\)".*/\1/')

until ask "$UITPOST_URL/api/v1/runs/$run_id" 2>/dev/null | grep -q '"complete":true'; do
  sleep 0.2
done
ask "$UITPOST_URL/api/v1/processing?run_id=$run_id"
