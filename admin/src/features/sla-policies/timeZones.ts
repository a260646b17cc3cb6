/** Names that browsers keep for zones whose cities are spelled otherwise today. */
const SPELLED_ANEW: Readonly<Record<string, string>> = {
  "Asia/Calcutta": "Asia/Kolkata",
  "Asia/Katmandu": "Asia/Kathmandu",
  "Asia/Rangoon": "Asia/Yangon",
  "Asia/Saigon": "Asia/Ho_Chi_Minh",
  "Europe/Kiev": "Europe/Kyiv",
};

/** The IANA zones to choose from, with the one that is chosen, whatever its spelling. */
export function timeZoneOptions(chosen: string): { value: string; label: string }[] {
  const zones = new Set(["UTC", chosen].filter(Boolean));
  for (const zone of Intl.supportedValuesOf("timeZone")) {
    zones.add(SPELLED_ANEW[zone] ?? zone);
  }
  return [...zones].sort().map((zone) => ({ value: zone, label: zone.replaceAll("_", " ") }));
}
