/** Bounds of what is read. They lie far above any inventory and keep a hostile file from taking the machine. */
import { GiB, KiB, MiB } from '../../src/model/units.ts';

/** What a worksheet can hold at most (Excel's own limits, ECMA-376 leaves them open). */
export const MAX_ROWS = 1_048_576;
export const MAX_COLUMNS = 16_384;

/** One piece of XML that cannot be split (a tag, a text) and one record of a CSV file. Excel's longest text is 32,767 characters. */
export const MAX_TOKEN = MiB;

/** Parts of an archive, and files of a folder that are looked at. RVTools writes 27 sheets. */
export const MAX_PARTS = 10_000;

/** Workbook part and relationships, which are read whole. */
export const MAX_WORKBOOK_XML = 4 * MiB;

/** A part may inflate to this size, or to `MAX_RATIO` times its packed size where that is more, and to `MAX_PART` in any case. */
export const FREE_INFLATION = 64 * MiB;
export const MAX_RATIO = 200;
export const MAX_PART = 16 * GiB;

/** What the rows and texts kept for joining may take, compressed. 100,000 VMs take about 30 MiB. */
export const MAX_KEPT = GiB;

/** Bytes that are read at once. */
export const CHUNK = 256 * KiB;
