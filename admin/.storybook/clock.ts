const RealDate = Date;
let now = RealDate.now();

/** Stops the clock at an instant, so that pictures are the same each time. Timers go on. */
export function stopClock(at: string): void {
  now = RealDate.parse(at);
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, given, newTarget) => Reflect.construct(target, given.length > 0 ? given : [now], newTarget),
    apply: () => new RealDate(now).toString(),
    get: (target, name) => (name === "now" ? () => now : Reflect.get(target, name)),
  });
}
