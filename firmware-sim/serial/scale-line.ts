/** What a scale prints: sign, eight characters with three decimals, unit, CR LF. */
export function formatWeight(kg: number): string {
  const digits = Math.abs(kg).toFixed(3).padStart(8, "0");
  return `${kg < 0 ? "-" : "+"}${digits} kg\r\n`;
}
