export function TicketSearchBox() {
  return null;
}
