"""How history says no: with a code, for which the doors have words."""


class Refused(Exception):
    """What was asked is not there or not allowed now; `detail` is another service's word on it, if it had one."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
