export function SlaPoliciesPage() {
  return null;
}
