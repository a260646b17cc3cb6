"""Completing tags, franchises and linked ids."""

from dataclasses import dataclass

from server.application.call import Call
from server.application.unit_of_work import UnitOfWork
from server.domain.terms import TermCount, TermQuery
from server.domain.visibility import visibility_of


@dataclass(frozen=True, slots=True)
class SuggestTerms:
    """Everybody may ask, and learns of tickets that they see; what is suggested is protected on none of them."""

    uow: UnitOfWork

    def __call__(self, call: Call, wanted: TermQuery) -> list[TermCount]:
        """Terms, those of the most tickets first."""
        visibility = visibility_of(call.principal)
        return self.uow.read(call, lambda repositories: repositories.terms.suggest(wanted, visibility))
