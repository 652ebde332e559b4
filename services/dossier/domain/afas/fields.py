"""Which fields and objects a connector has, what each may hold, and what it is called here (§5.2, §5.3)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Type = Literal["int", "string", "boolean", "date", "day", "blob"]


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field: `name` is what it is called here, empty for one that is kept as it came."""

    id: str
    type: Type
    name: str
    nl: str
    en: str
    length: int = 0
    mandatory: bool = False
    key: bool = False

    def label(self, language: str) -> str:
        """Return what people call it."""
        return self.nl if language == "nl" else self.en


@dataclass(frozen=True, slots=True)
class Shape:
    """An object of a connector; an `open` one may hold custom fields, and objects of them (`KnS51`)."""

    name: str
    fields: Mapping[str, FieldSpec]
    objects: tuple["Shape", ...] = ()
    open: bool = False


def by_name(fields: Iterable[FieldSpec]) -> dict[str, FieldSpec]:
    """Return the fields by their ids in small letters: clients don't agree on capitals."""
    return {field.id.lower(): field for field in fields}


_FILE = (
    FieldSpec("FileName", "string", "filename", "Naam van bijlage", "File name", 255, mandatory=True),
    FieldSpec("FileId", "string", "file_id", "Bestand", "File", 32),
    FieldSpec("FileStream", "blob", "content", "Inhoud van bijlage", "File content"),
)
_LINK = (
    FieldSpec("SbId", "int", "", "Dossieritem", "Dossier item"),
    FieldSpec("DoCRM", "boolean", "", "Vastleggen in dossier", "Save in dossier"),
    FieldSpec("ToBC", "boolean", "", "Organisatie/persoon", "Organisation/person"),
    FieldSpec("ToEm", "boolean", "", "Medewerker", "Employee"),
    FieldSpec("ToSR", "boolean", "", "Verkooprelatie", "Sales contact"),
    FieldSpec("ToPR", "boolean", "", "Inkooprelatie", "Purchase contact"),
    FieldSpec("ToCl", "boolean", "", "Cliënt IB", "Income tax client"),
    FieldSpec("ToCV", "boolean", "", "Cliënt Vpb", "Corporate tax client"),
    FieldSpec("ToOb", "boolean", "", "Cliënt OB", "VAT client"),
    FieldSpec("ToEr", "boolean", "", "Werkgever", "Employer"),
    FieldSpec("ToAp", "boolean", "", "Sollicitant", "Applicant"),
    FieldSpec("SfTp", "int", "", "Type bestemming", "Destination type"),
    FieldSpec("SfId", "string", "", "Bestemming", "Destination", 50),
    FieldSpec("BcId", "string", "", "Organisatie/persoon", "Organisation/person", 15),
    FieldSpec("CdId", "string", "contact_id", "Contact", "Contact"),
    FieldSpec("SiUn", "int", "", "Administratie (verkoop)", "Administration (sales)"),
    FieldSpec("SiTp", "int", "", "Type factuur (verkoop)", "Invoice type (sales)"),
    FieldSpec("SiId", "string", "sales_invoice", "Verkoopfactuur", "Sales invoice", 12),
    FieldSpec("PiUn", "int", "", "Administratie (inkoop)", "Administration (purchasing)"),
    FieldSpec("PiTp", "int", "", "Type factuur (inkoop)", "Invoice type (purchase)"),
    FieldSpec("PiId", "string", "purchase_invoice", "Inkoopfactuur", "Purchase invoice", 12),
    FieldSpec("FiYe", "string", "fiscal_year", "Fiscaal jaar", "Fiscal year"),
    FieldSpec("PjId", "string", "project", "Project", "Project", 15),
    FieldSpec("CaId", "string", "campaign", "Campagne", "Campaign"),
    FieldSpec("FaSn", "string", "asset", "Activum", "Asset"),
    FieldSpec("QuId", "string", "cost_estimate", "Voorcalculatie", "Cost estimate", 21),
    FieldSpec("SjId", "string", "dossier_item", "Dossieritem", "Dossier item"),
    FieldSpec("SuNr", "string", "subscription", "Abonnement", "Subscription"),
    FieldSpec("DvSn", "string", "employment", "Dienstverband", "Employment"),
    FieldSpec("VaIt", "string", "", "Type item", "Item type", 20),
    FieldSpec("BiId", "string", "item", "Itemcode", "Item code", 40),
    FieldSpec("CrId", "string", "course_event", "Evenement", "Course event"),
    FieldSpec("SeId", "string", "course_session", "Sessie", "Course meeting"),
    FieldSpec("AbId", "string", "absence", "Verzuimmelding", "Absence entry"),
    FieldSpec("FoSn", "string", "", "Forecast", "Forecast"),
    FieldSpec("CoNo", "string", "contract", "Contract", "Contract", 16),
    FieldSpec("CcSn", "string", "means_of_transport", "Vervoermiddel", "Means of transport"),
    FieldSpec("Ou", "string", "organisational_unit", "Organisatorische eenheid", "Organisational unit", 10),
    FieldSpec("PlId", "string", "", "Verwerkingsschema salaris", "Salary processing plan"),
    FieldSpec("Por", "string", "purchase_order", "Inkooporder", "Purchase order", 12),
    FieldSpec("Squ", "string", "sales_quotation", "Verkoopofferte", "Sales quotation", 12),
    FieldSpec("Sor", "string", "sales_order", "Verkooporder", "Sales order", 12),
    FieldSpec("Pqu", "string", "purchase_quotation", "Inkoopofferte", "Purchase quotation", 12),
    FieldSpec("LoId", "string", "location", "Locatie", "Location", 25),
    FieldSpec("DcId", "string", "", "Declaratienummer", "Claim number", 16),
    FieldSpec("PcId", "string", "", "Plaatsing", "Placement", 12),
    FieldSpec("PAId", "string", "", "Prijsafspraak", "Price agreement", 15),
    FieldSpec("OrNu", "string", "packing_slip", "Pakbon", "Packing slip", 12),
    FieldSpec("GoRe", "string", "receipt", "Ontvangst", "Receipt", 12),
    FieldSpec("Seri", "string", "", "Serienummer", "Serial number", 100),
    FieldSpec("Batc", "string", "", "Partijnummer", "Lot number", 100),
    FieldSpec("ApId", "string", "", "Sollicitatie", "Application"),
    FieldSpec("OlNu", "string", "", "Optielijst", "Option list", 12),
    FieldSpec("UnSc", "string", "", "Administratie budgetscenario", "Budget scenario administration"),
    FieldSpec("ScId", "string", "", "Budgetscenario", "Budget scenario", 6),
    FieldSpec("PnId", "string", "", "Regel periodeafsluiting", "Period closing line"),
    FieldSpec("CfId", "string", "", "Regel controleraamwerk", "Control framework line"),
    FieldSpec("CfRI", "string", "", "Rapportage-eis", "Reporting requirement"),
    FieldSpec("CfMI", "string", "", "Beheersmaatregel", "Control measure", 14),
    FieldSpec("Year", "string", "year", "Jaar", "Year"),
    FieldSpec("RlId", "string", "role", "Rol", "Role", 25),
)
_SUBJECT = (
    FieldSpec("SbId", "int", "item_number", "Dossieritem", "Dossier item", key=True),
    FieldSpec("StId", "int", "type", "Type dossieritem", "Dossier item type", mandatory=True),
    FieldSpec("Ds", "string", "subject", "Onderwerp", "Subject", 255, mandatory=True),
    FieldSpec("SbTx", "string", "comment", "Toelichting", "Comment"),
    FieldSpec("Da", "date", "submitted_at", "Instuurdatum", "Submission date"),
    FieldSpec("UsId", "string", "submitted_by", "Instuurder", "Sender", 80),
    FieldSpec("EmId", "string", "responsible_id", "Verantwoordelijke", "Person responsible", 80),
    FieldSpec("SbHi", "int", "cause_item_id", "Aanleiding", "Cause"),
    FieldSpec("SaId", "string", "action_type", "Type actie", "Action type", 5),
    FieldSpec("ViPr", "string", "priority", "Prioriteit", "Priority", 20),
    FieldSpec("ScId", "string", "source_code", "Bron", "Source", 5),
    FieldSpec("DtFr", "day", "start_date", "Begindatum", "Start date"),
    FieldSpec("DtTo", "day", "end_date", "Einddatum", "End date"),
    FieldSpec("St", "boolean", "completed", "Afgehandeld", "Completed"),
    FieldSpec("DtSt", "date", "completed_at", "Datum afgehandeld", "Date completed"),
    FieldSpec("FeCo", "int", "feature_combination_id", "Betreft", "With regard to"),
    FieldSpec("FvF1", "int", "feature_value_1", "Waarde kenmerk 1", "Feature value 1"),
    FieldSpec("FvF2", "int", "feature_value_2", "Waarde kenmerk 2", "Feature value 2"),
    FieldSpec("FvF3", "int", "feature_value_3", "Waarde kenmerk 3", "Feature value 3"),
    FieldSpec("SbBl", "boolean", "blocked", "Geblokkeerd", "Blocked"),
    FieldSpec("SbPa", "string", "filename", "Naam van bijlage", "File name of the attachment", 255),
    FieldSpec("FileId", "string", "file_id", "Bestand", "File", 32),
    FieldSpec("FileTrans", "boolean", "", "Bestand bij item opslaan", "Save file with the item"),
    FieldSpec("FileStream", "blob", "content", "Bestand als byte-array", "File as byte array"),
    FieldSpec("MarkOpened", "boolean", "", "Markeren als geopend", "Mark as opened"),
    FieldSpec("ProfileId", "int", "", "Profiel", "Profile"),
    FieldSpec("id", "string", "", "Workflow", "Workflow", 80),
)
_REACTION = (
    FieldSpec("SbId", "int", "item_number", "Dossieritem", "Dossier item", key=True, mandatory=True),
    FieldSpec("SbTx", "string", "text", "Reactie", "Response", mandatory=True),
    FieldSpec("VaRe", "string", "internal", "Reactie zichtbaar", "Response visible", 20),
)
_WORKFLOW = (
    FieldSpec("SbId", "int", "item_number", "Dossieritem", "Dossier item", key=True, mandatory=True),
    FieldSpec("WfNm", "string", "workflow_id", "Workflow", "Workflow", 200, mandatory=True),
    FieldSpec("TkNm", "string", "step", "Taak", "Task", 200, mandatory=True),
    FieldSpec("AcNm", "string", "action", "Actie", "Action", 200, mandatory=True),
    FieldSpec("Tx", "string", "text", "Toelichting", "Comment"),
)

LINK = Shape("KnSubjectLink", by_name(_LINK))
ATTACHMENT = Shape("KnSubjectAttachment", by_name(_FILE))
_REACTION_FILE = Shape("KnReactionAttachment", by_name(_FILE))
SUBJECT = Shape("KnSubject", by_name(_SUBJECT), (LINK, ATTACHMENT), open=True)
REACTION = Shape("KnReaction", by_name(_REACTION), (_REACTION_FILE,))
WORKFLOW = Shape("KnWorkflow", by_name(_WORKFLOW), (_REACTION_FILE,))
