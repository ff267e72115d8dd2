/** What other programs, manuals and PLCs call what this file calls otherwise. */

/** Keys, in lower case and without what joins words, and ours for them. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  addr: ["register", "unit", "host"],
  address: ["register", "unit", "host"],
  baudrate: ["baud"],
  broker: ["url"],
  byteorder: ["order"],
  count: ["length"],
  datatype: ["type"],
  device: ["port", "unit"],
  deviceid: ["unit"],
  endianness: ["order"],
  factor: ["scale"],
  gain: ["scale"],
  high: ["h"],
  highhigh: ["hh"],
  hihi: ["hh"],
  id: ["unit"],
  interval: ["every"],
  ip: ["host"],
  low: ["l"],
  lowlow: ["ll"],
  lolo: ["ll"],
  max: ["h", "range"],
  min: ["l", "range"],
  multiplier: ["scale"],
  path: ["port"],
  period: ["every"],
  poll: ["every"],
  pollinterval: ["every"],
  protocol: ["modbus"],
  scanrate: ["every"],
  server: ["host"],
  size: ["length"],
  slave: ["unit"],
  slaveaddress: ["unit"],
  slaveid: ["unit"],
  station: ["unit"],
  tty: ["port", "serial"],
  unitid: ["unit"],
  units: ["unit"],
  wordorder: ["order"],
};

/** Types of values, as PLCs and other gateways write them. */
const TYPES: Readonly<Record<string, string>> = {
  dint: "int32",
  double: "float64",
  dword: "uint32",
  int: "int16",
  integer: "int16",
  lint: "int64",
  long: "int32",
  lreal: "float64",
  lword: "uint64",
  real: "float32",
  short: "int16",
  single: "float32",
  text: "string",
  udint: "uint32",
  uint: "uint16",
  ulint: "uint64",
  unsigned: "uint16",
  word: "uint16",
};

/** Of the keys that are known here, the one that somebody called `name`. */
export function ourKeyFor(name: string, known: readonly string[]): string | undefined {
  const word = name.toLowerCase().replaceAll(/[^a-z]/g, "");
  return Object.hasOwn(KEYS, word) ? KEYS[word]?.find((key) => known.includes(key)) : undefined;
}

/** Of the values that may stand here, the one that somebody called `word`. */
export function ourValueFor(word: string, values: readonly string[]): string | undefined {
  const type = Object.hasOwn(TYPES, word.toLowerCase()) ? TYPES[word.toLowerCase()] : undefined;
  if (type !== undefined && values.includes(type)) return type;
  // Parities are mostly told by a letter.
  const [only, ...others] = values.filter((value) => value.startsWith(word.toLowerCase()));
  return others.length === 0 ? only : undefined;
}
