export function TicketsListPage() {
  return null;
}
