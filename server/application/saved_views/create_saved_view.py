"""Keeping a filter under a name."""

from dataclasses import dataclass
from typing import TypeVar
from uuid import uuid4

from server.application.answers import Answer
from server.application.call import Call
from server.application.clock import Clock
from server.application.unit_of_work import UnitOfWork
from server.domain.filters import Order, TicketFilter
from server.domain.ids import Version
from server.domain.permissions import require_staff
from server.domain.saved_views import SavedView

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class NewView:
    """A view as its owner gives it."""

    name: str
    filter: TicketFilter
    order: Order
    is_shared: bool


@dataclass(frozen=True, slots=True)
class CreateSavedView:
    """Staff only."""

    uow: UnitOfWork
    clock: Clock

    def __call__(self, call: Call, new: NewView, answer: Answer[SavedView, A]) -> A:
        """The view. Raises PermissionDenied, AlreadyExists (SAVED_VIEW_NAME_TAKEN)."""
        require_staff(call.principal, "Saving a view is")
        now = self.clock()
        view = SavedView(
            id=uuid4(),
            owner_id=call.principal.user_id,
            name=new.name,
            filter=new.filter,
            order=new.order,
            is_shared=new.is_shared,
            version=Version(1),
            created_at=now,
            updated_at=now,
        )
        return self.uow.answer_once(call, answer, lambda repositories: repositories.saved_views.add(view))
