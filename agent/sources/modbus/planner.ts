/**
 * The fewest requests that read all points: blocks of one table, no longer than the device allows,
 * over gaps no wider than allowed, never over a register that the device refused. Pure.
 */
import type { Table } from "#config/gateway/modbus-address.ts";
import { isBits, type Point, type Span } from "./point.ts";

/** Modbus limits one read to 125 registers or 2000 bits (v1.1b3, sections 6.1 and 6.3). */
export const READ_REGISTERS_MAX = 125;
const READ_BITS_MAX = 2000;

/** A register is 16 bits on the wire, so as many bits cost the same as one register. */
const BITS_PER_REGISTER = 16;

export interface PlanLimits {
  registersMax: number;
  bitsMax: number;
  /** Unwanted registers that may be read to save a request. */
  gapMax: number;
}

/** What a bus, and a device on it, allow. */
export function planLimits({ maxGap }: { maxGap: number }, maxRegisters: number): PlanLimits {
  return {
    registersMax: Math.min(maxRegisters, READ_REGISTERS_MAX),
    bitsMax: Math.min(maxRegisters * BITS_PER_REGISTER, READ_BITS_MAX),
    gapMax: maxGap,
  };
}

/** One request. Points are in order of their addresses. */
export interface Block extends Span {
  points: readonly Point[];
}

const TABLES: readonly Table[] = ["coil", "discrete", "input", "holding"];

/**
 * @param refused stretches that fail whatever is read with them
 */
export function planBlocks(
  points: readonly Point[],
  limits: PlanLimits,
  refused: readonly Span[] = [],
): Block[] {
  return TABLES.flatMap((table) => {
    const own = points.filter((point) => point.table === table);
    const walls = refused.filter((span) => span.table === table);
    return planTable(table, own, limits, walls);
  });
}

/**
 * Greedy from the lowest address. It is optimal, since a block must begin at the lowest point not
 * yet read, and reading as far as possible from there leaves the least for the others.
 */
function planTable(
  table: Table,
  points: readonly Point[],
  limits: PlanLimits,
  walls: readonly Span[],
): Block[] {
  const sorted = points.toSorted((a, b) => a.start - b.start || a.size - b.size);
  const blocks: Block[] = [];
  let members: Point[] = [];
  let block: Span = { table, start: 0, size: 0 };
  for (const point of sorted) {
    const longer = { ...block, size: Math.max(endOf(block), endOf(point)) - block.start };
    if (members.length > 0 && mayExtend(block, longer, point, limits, walls)) {
      block = longer;
      members.push(point);
      continue;
    }
    if (members.length > 0) blocks.push({ ...block, points: members });
    members = [point];
    block = { table, start: point.start, size: point.size };
  }
  if (members.length > 0) blocks.push({ ...block, points: members });
  return blocks;
}

function mayExtend(
  block: Span,
  longer: Span,
  point: Point,
  limits: PlanLimits,
  walls: readonly Span[],
): boolean {
  const bits = isBits(block.table);
  const sizeMax = bits ? limits.bitsMax : limits.registersMax;
  const gapMax = bits ? limits.gapMax * BITS_PER_REGISTER : limits.gapMax;
  if (longer.size > sizeMax || point.start - endOf(block) > gapMax) return false;
  return !walls.some((wall) => wall.start < endOf(longer) && endOf(wall) > block.start);
}

/** The first address behind a span. */
export function endOf(span: Span): number {
  return span.start + span.size;
}

/** Two halves with as many points each; a block of one point cannot be split. */
export function splitBlock(block: Block): readonly [Block, Block] | undefined {
  if (block.points.length < 2) return undefined;
  const middle = Math.ceil(block.points.length / 2);
  return [
    blockAround(block.table, block.points.slice(0, middle)),
    blockAround(block.table, block.points.slice(middle)),
  ];
}

function blockAround(table: Table, points: readonly Point[]): Block {
  const start = Math.min(...points.map((point) => point.start));
  const end = Math.max(...points.map(endOf));
  return { table, start, size: end - start, points };
}
