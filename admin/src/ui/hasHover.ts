/** Whether things can be pointed at without being pressed: not on a touch screen. */
export function hasHover(): boolean {
  return !window.matchMedia("(hover: none)").matches;
}
