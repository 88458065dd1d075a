"""Row policies of PVFs and the ledger. Kilograms are changed by ``pvf_move`` alone: no grant reaches them."""

from core.policy import APPEND, EVERY_ROW, KIND, NO_DELETE, PLATFORM, READ, ROWS, ROWS_READ, Table, delegated

_HTS = "the published tariff schedule, the same for everybody"

#: What a broker needs to see of its exporter's lines to prepare a draft, or to report a shipment.
_FOR_BROKER = f"({KIND} = 'broker' AND client_id = {delegated('clients', 'drafts', 'shipments')})"
#: A shipment locks its line and balance; kilograms still move by ``pvf_move`` alone.
_SHIPS = f"({KIND} = 'broker' AND client_id = {delegated('clients', 'shipments')})"
_READ = f"{ROWS_READ} OR {_FOR_BROKER}"

TABLES = [
    Table("pvf_pvf", read=_READ, write=ROWS, grants=NO_DELETE),
    Table("pvf_pvfversion", read=_READ, write=ROWS, grants=NO_DELETE),
    Table("pvf_pvfline", read=_READ, lock=f"{ROWS} OR {_SHIPS}", write=ROWS, grants=NO_DELETE),
    Table("pvf_pvflineterms", read=_READ, write=ROWS),
    Table("pvf_topup", read=ROWS_READ, write=ROWS, grants=APPEND),
    Table("pvf_carryover", read=ROWS_READ, write=ROWS),
    Table("pvf_processingreport", read=ROWS_READ, write=ROWS, grants=NO_DELETE),
    Table("pvf_pvfdocument", read=ROWS_READ, write=ROWS, grants=NO_DELETE),
    Table("pvf_balance", read=_READ, lock=f"{ROWS} OR {_SHIPS}", write=ROWS, grants=READ, update_columns=["lock"]),
    Table("pvf_movement", read=ROWS_READ, grants=READ),
    Table("pvf_statementfile", read=ROWS_READ, write=ROWS),
    Table(
        "pvf_htsedition",
        read=EVERY_ROW,
        write=f"{PLATFORM} OR {KIND} = 'staff'",  # a manager enters the first day that an edition is in force
        insert=PLATFORM,
        grants=NO_DELETE,
        global_because=_HTS,
    ),
    Table("pvf_htscode", read=EVERY_ROW, write=PLATFORM, grants=NO_DELETE, global_because=_HTS),
]

#: Functions that run with the owner's rights (core.policy.declared_definers).
DEFINERS = {
    "pvf_move": "kilograms move by this function alone: no grant reaches a balance or a movement; it asks for the identity"
    " itself",
    "pvf_open_balance": "opens a line's empty balance, which no grant lets anybody write",
}
