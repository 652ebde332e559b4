"""The kinds of destinations and of sub-destinations, as data: a new kind is a line behind the others (A2)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SubDestinationKind:
    """What an item can be about besides its destination; `fields` are its names in KnSubject (requirements §5.3).

    `of` are the kinds of destinations that have it, all if there are none.
    """

    code: str
    nl: str
    en: str
    fields: tuple[str, ...]
    of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DestinationKind:
    """A kind of destination: its names, the space that its numbers are unique in, and its names in KnSubject.

    `type_number` is the SfTp and `flag` the To… of KnSubjectLink; a contact person is chosen at an organisation.
    """

    code: str
    nl: str
    en: str
    number_space: str
    type_number: int | None
    flag: str | None
    has_contacts: bool = False

    @property
    def sub_destinations(self) -> list[str]:
        """The sub-destinations that it has, by their codes."""
        return [kind.code for kind in SUB_DESTINATION_KINDS if not kind.of or self.code in kind.of]


_RELATION = "relation"
_SALES, _PURCHASE, _STAFF = ("sales_relation",), ("purchase_relation",), ("employee", "employer")
DESTINATION_KINDS = (
    DestinationKind("organisation", "organisatie", "organisation", _RELATION, 3, "ToBC", has_contacts=True),
    DestinationKind("person", "persoon", "person", _RELATION, 3, "ToBC", has_contacts=True),
    DestinationKind("contact_person", "contactpersoon", "contact person", _RELATION, 3, "ToBC"),
    DestinationKind("employee", "medewerker", "employee", "employee", 2, "ToEm"),
    DestinationKind(
        "sales_relation", "verkooprelatie", "sales relation", "sales_relation", 4, "ToSR", has_contacts=True
    ),
    DestinationKind(
        "purchase_relation", "inkooprelatie", "purchase relation", "purchase_relation", 11, "ToPR", has_contacts=True
    ),
    DestinationKind(
        "income_tax_client", "cliënt inkomstenbelasting", "income-tax client", "income_tax_client", 8, "ToCl"
    ),
    DestinationKind(
        "corporate_tax_client",
        "cliënt vennootschapsbelasting",
        "corporate-tax client",
        "corporate_tax_client",
        9,
        "ToCV",
    ),
    DestinationKind("vat_client", "cliënt omzetbelasting", "VAT client", "vat_client", 66, "ToOb"),
    DestinationKind("employer", "werkgever", "employer", "employer", 10, "ToEr"),
    DestinationKind("applicant", "sollicitant", "applicant", "applicant", 17, "ToAp"),
)

SUB_DESTINATION_KINDS = (
    SubDestinationKind(
        "contact", "contact", "contact", ("CdId",), ("organisation", "person", "sales_relation", "purchase_relation")
    ),
    SubDestinationKind("sales_invoice", "verkoopfactuur", "sales invoice", ("SiUn", "SiTp", "SiId"), _SALES),
    SubDestinationKind("purchase_invoice", "inkoopfactuur", "purchase invoice", ("PiUn", "PiTp", "PiId"), _PURCHASE),
    SubDestinationKind("project", "project", "project", ("PjId",)),
    SubDestinationKind("campaign", "campagne", "campaign", ("CaId",)),
    SubDestinationKind("subscription", "abonnement", "subscription", ("SuNr",), _SALES),
    SubDestinationKind("sales_order", "verkooporder", "sales order", ("Sor",), _SALES),
    SubDestinationKind("sales_quotation", "verkoopofferte", "sales quotation", ("Squ",), _SALES),
    SubDestinationKind("purchase_order", "inkooporder", "purchase order", ("Por",), _PURCHASE),
    SubDestinationKind("purchase_quotation", "inkoopofferte", "purchase quotation", ("Pqu",), _PURCHASE),
    SubDestinationKind("packing_slip", "pakbon", "packing slip", ("OrNu",), _SALES),
    SubDestinationKind("receipt", "ontvangst", "goods receipt", ("GoRe",), _PURCHASE),
    SubDestinationKind("course", "cursus", "course", ("CrId",)),
    SubDestinationKind("course_session", "cursusevenement", "course session", ("CrId", "SeId")),
    SubDestinationKind("item", "artikel", "item", ("VaIt", "BiId")),
    SubDestinationKind("asset", "activum", "fixed asset", ("FaSn",)),
    SubDestinationKind("cost_estimate", "voorcalculatie", "cost estimate", ("QuId",)),
    SubDestinationKind("dossier_item", "dossieritem", "dossier item", ("SjId",)),
    SubDestinationKind("employment", "dienstverband", "employment", ("DvSn",), _STAFF),
    SubDestinationKind("absence", "verzuimmelding", "absence", ("AbId",), _STAFF),
    SubDestinationKind("contract", "contract", "contract", ("CoNo",), _STAFF),
    SubDestinationKind("means_of_transport", "vervoermiddel", "means of transport", ("CcSn",), _STAFF),
    SubDestinationKind("organisational_unit", "organisatorische eenheid", "organisational unit", ("Ou",)),
    SubDestinationKind("location", "locatie", "location", ("LoId",)),
    SubDestinationKind("fiscal_year", "boekjaar", "fiscal year", ("FiYe",)),
    SubDestinationKind("year", "jaar", "year", ("Year",)),
    SubDestinationKind("role", "rol", "role", ("RlId",)),
)
