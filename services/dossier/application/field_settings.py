"""Field settings (R-28, FR-60): an administrator's hold for everyone and shut out those that a person has."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.dossier.application.personal import Personal
from services.dossier.application.ports import Noun, Tables
from services.dossier.domain.field_setting import (
    LENGTHS,
    AdministratorSetting,
    Applied,
    FieldSetting,
    PersonalSetting,
    applied,
)
from services.dossier.domain.identity import setup_id_of
from services.dossier.domain.operator import Operator
from services.dossier.domain.refusal import Refused, Wrong
from shared.store import Conflict, Row, Store

Facts = dict[str, Any]
FIELDS = tuple(LENGTHS)
_NOUN: Noun = "field-setting"
_OF_NOBODY = AdministratorSetting().model_dump()


@dataclass(frozen=True, slots=True)
class OwnSetting:
    """A person's setting of a field; `shut_out` while an administrator's holds."""

    preferred_value: str | None
    last_chosen: bool
    is_set: bool
    shut_out: bool


class FieldSettings:
    """What is set of fields, by field name."""

    def __init__(self, store: Store, tables: Tables, personal: Personal) -> None:
        self._store = store
        self._tables = tables
        self._personal = personal

    async def one(self, field: str) -> Facts:
        """Return an administrator's setting, that of a field without one being as if nothing were set."""
        _check(field)
        return _shown((await self._set()).get(field))

    async def all(self) -> dict[str, Facts]:
        """Return the setting of every field."""
        standing = await self._set()
        return {field: _shown(standing.get(field)) for field in FIELDS}

    async def put(self, field: str, setting: AdministratorSetting, operator: Operator) -> Facts:
        """Set a field for everyone; raise `Refused` for what cannot be set of it."""
        _check(field)
        _refuse(setting.wrongs(field))
        facts = setting.model_dump()
        await self._change(field, facts, operator)
        return _shown(facts)

    async def remove(self, field: str, operator: Operator) -> None:
        """Let the field have no setting."""
        _check(field)
        await self._change(field, None, operator)

    async def own(self, field: str, operator: Operator) -> OwnSetting:
        """Return the operator's own setting of a field."""
        _check(field)
        facts = (await self._personal.facts(operator.owner, [_place(field)])).get(_place(field))
        shut_out = field in await self._set()
        if facts is None:
            return OwnSetting(None, False, False, shut_out)
        return OwnSetting(facts["preferred_value"], facts["last_chosen"], True, shut_out)

    async def put_own(self, field: str, setting: PersonalSetting, operator: Operator) -> OwnSetting:
        """Set a field for the operator; raise `Refused` where an administrator set it for everyone (R-28)."""
        _check(field)
        _refuse(setting.wrongs(field))
        if field in await self._set():
            raise Refused([Wrong("field", "set_by_administrator", {"name": field})], status=409)
        await self._store.record(rows=[self._personal.put(operator.owner, _place(field), setting.model_dump())])
        return await self.own(field, operator)

    async def remove_own(self, field: str, operator: Operator) -> None:
        """Let the operator have no setting of a field."""
        _check(field)
        await self._store.record(rows=[self._personal.removed(operator.owner, _place(field))])

    async def holding(self, operator: Operator) -> dict[str, Applied]:
        """Return the settings that hold for a draft which the operator opens now."""
        standing = await self._set()
        own = await self._personal.facts(operator.owner, [_place(field) for field in FIELDS])
        holding = {field: applied(standing.get(field), own.get(_place(field))) for field in FIELDS}
        return {field: setting for field, setting in holding.items() if setting.by}

    async def chosen(self, operator: Operator, values: Mapping[str, str]) -> list[Row]:
        """Return the rows that keep these values as chosen last, of fields that the operator has it kept of."""
        own = await self._personal.facts(operator.owner, [_place(field) for field in values])
        return [
            self._personal.put(operator.owner, _place(field), own[_place(field)] | {"last_value": value})
            for field, value in values.items()
            if own.get(_place(field), {}).get("last_chosen")
        ]

    async def _set(self) -> dict[str, Facts]:
        """Return what administrators set."""
        return await self._tables.set_up("field-setting")

    async def _change(self, field: str, facts: Facts | None, operator: Operator) -> None:
        while True:
            setting = await self._store.load(FieldSetting, setup_id_of("field-setting", field))
            if setting is None and facts is None:
                return
            if setting is None:
                setting = FieldSetting.record(field, facts or {}, operator.name)
            else:
                setting.change(facts, operator.name)
            row = self._tables.unset(_NOUN, field) if facts is None else self._tables.setup(_NOUN, field, facts)
            rows = [row] if setting.pending_events else []
            try:
                await self._store.record(setting, rows=rows)
            except Conflict:
                continue
            return


def _check(field: str) -> None:
    if field not in FIELDS:
        raise Refused([Wrong("field", "field_without_settings", {"name": field[:80]})], status=404)


def _refuse(wrongs: list[Wrong]) -> None:
    if wrongs:
        raise Refused(wrongs)


def _shown(facts: Facts | None) -> Facts:
    return {**(facts or _OF_NOBODY), "is_set": facts is not None}


def _place(field: str) -> str:
    return f"field:{field}"
