"""Row policies of PVFs and the ledger. Kilograms are changed by ``pvf_move`` alone: no grant reaches them."""

from core.policy import APPEND, CLIENT_ROW, NO_DELETE, READ, STAFF_ROW, Table

_ROWS = f"{STAFF_ROW} OR {CLIENT_ROW}"
_HTS = "the published tariff schedule, the same for everybody"

TABLES = [
    Table("pvf_pvf", read=_ROWS, write=_ROWS, grants=NO_DELETE),
    Table("pvf_pvfversion", read=_ROWS, write=_ROWS, grants=NO_DELETE),
    Table("pvf_pvfline", read=_ROWS, write=_ROWS, grants=NO_DELETE),
    Table("pvf_pvflineterms", read=_ROWS, write=_ROWS),
    Table("pvf_topup", read=_ROWS, write=_ROWS, grants=APPEND),
    Table("pvf_carryover", read=_ROWS, write=_ROWS),
    Table("pvf_processingreport", read=_ROWS, write=_ROWS, grants=NO_DELETE),
    Table("pvf_pvfdocument", read=_ROWS, write=_ROWS, grants=NO_DELETE),
    Table("pvf_balance", read=_ROWS, write=_ROWS, grants=READ, update_columns=["lock"]),
    Table("pvf_movement", read=_ROWS, grants=READ),
    Table("pvf_statementfile", read=_ROWS, write=_ROWS),
    Table("pvf_htsedition", open_because=_HTS, grants=NO_DELETE),
    Table("pvf_htscode", open_because=_HTS, grants=NO_DELETE),
]
