/**
 * The demo guest's whole operating system: a boot sector of 16-bit x86 code. It greets on the first serial port and on the
 * screen, reads every other sector of its disk through the BIOS, and says whether their checksum is the one that the build
 * put into this sector. A migrated disk that lost, moved or changed one byte therefore says DAMAGED. Then it repeats itself
 * every five seconds, so that whoever opens the console later sees it too.
 */
import { abs16, assemble, dword, type Line, label, op, rel8, rel16 } from './assembler.ts';

const SECTOR = 512;
/** Where the BIOS loads a boot sector. */
const ORIGIN = 0x7c00;
/** Segment of the read buffer: 64 sectors at 0x10000. */
const BUFFER_SEGMENT = 0x1000;
const SECTORS_PER_READ = 64;
/** Code may reach to here; then come disk signature, partition table and boot mark. */
const CODE_END = 440;

export const GREETING = 'kubeferry: the guest is alive';
export const INTACT = 'every sector is as it was';
export const DAMAGED = 'DAMAGED';

export interface BootSectorOptions {
  /** Size of the disk; a multiple of 64. Sector 0 itself is not in the checksum. */
  readonly sectors: number;
  /** `checksum()` of all sectors with sector 0 taken as zeros. */
  readonly checksum: number;
  /** The 32-bit disk signature at offset 440. */
  readonly signature: number;
}

/** The 512 bytes of sector 0. */
export function bootSector({ sectors, checksum, signature }: BootSectorOptions): Buffer {
  if (sectors % SECTORS_PER_READ !== 0) throw new Error(`${sectors} is not a multiple of ${SECTORS_PER_READ}`);
  const code = assemble(ORIGIN, program(sectors, checksum));
  if (code.length > CODE_END) throw new Error(`the code is ${code.length} bytes long, ${CODE_END} are free`);
  const sector = Buffer.alloc(SECTOR);
  code.copy(sector);
  sector.writeUInt32LE(signature, CODE_END);
  // One partition over everything but the first MiB, so that tools which look see an ordinary disk. 0xda: data without a file system.
  sector.set([0x80, 0xfe, 0xff, 0xff, 0xda, 0xfe, 0xff, 0xff, ...dword(2048), ...dword(sectors - 2048)], 446);
  sector.set([0x55, 0xaa], 510);
  return sector;
}

/**
 * The checksum that the guest computes: each 32-bit little-endian word is added to a running sum that is rotated left by one
 * before. It depends on the order, so that swapped sectors show.
 */
export function checksum(data: Buffer, start = 0): number {
  const words = new Uint32Array(data.buffer, data.byteOffset, data.byteLength / 4);
  let sum = start;
  for (const word of words) sum = (((sum << 1) | (sum >>> 31)) + word) >>> 0;
  return sum;
}

function program(sectors: number, expected: number): readonly Line[] {
  return [
    // A known state: segments 0, stack below the code. The BIOS hands over the boot drive in DL.
    op('cli', 0xfa),
    op('xor ax, ax', 0x31, 0xc0),
    op('mov ds, ax', 0x8e, 0xd8),
    op('mov es, ax', 0x8e, 0xc0),
    op('mov ss, ax', 0x8e, 0xd0),
    op('mov sp, 0x7c00', 0xbc, 0x00, 0x7c),
    op('sti', 0xfb),
    op('cld', 0xfc),
    op('mov [drive], dl', 0x88, 0x16, abs16('drive')),

    // COM1: 115200 baud, 8 data bits, no parity, one stop bit.
    op('mov dx, 0x3fb (line control)', 0xba, 0xfb, 0x03),
    op('mov al, 0x83 (8N1, divisor open)', 0xb0, 0x83),
    op('out dx, al', 0xee),
    op('mov dx, 0x3f8', 0xba, 0xf8, 0x03),
    op('mov al, 1 (divisor, low byte)', 0xb0, 0x01),
    op('out dx, al', 0xee),
    op('inc dx', 0x42),
    op('xor al, al (divisor, high byte)', 0x30, 0xc0),
    op('out dx, al', 0xee),
    op('mov dx, 0x3fb', 0xba, 0xfb, 0x03),
    op('mov al, 0x03 (8N1, divisor closed)', 0xb0, 0x03),
    op('out dx, al', 0xee),

    op('mov si, greeting', 0xbe, abs16('greeting')),
    op('call print', 0xe8, rel16('print')),

    // EBX: the sum. EBP: sectors still to read.
    op('xor ebx, ebx', 0x66, 0x31, 0xdb),
    op('mov ebp, sectors', 0x66, 0xbd, ...dword(sectors)),

    label('read'),
    op('mov si, packet', 0xbe, abs16('packet')),
    op('mov dl, [drive]', 0x8a, 0x16, abs16('drive')),
    op('mov ah, 0x42 (extended read)', 0xb4, 0x42),
    op('int 0x13', 0xcd, 0x13),
    op('jc damaged', 0x72, rel8('damaged')),
    op('push ds', 0x1e),
    op('mov ax, buffer segment', 0xb8, BUFFER_SEGMENT & 0xff, BUFFER_SEGMENT >> 8),
    op('mov ds, ax', 0x8e, 0xd8),
    op('xor si, si', 0x31, 0xf6),
    op('mov cx, 8192 (32-bit words of 64 sectors)', 0xb9, 0x00, 0x20),
    // Sector 0 holds the expected sum and can not be in it: its 128 words are taken as zeros, which leave a sum of 0 as it is.
    op('cmp ebp, sectors', 0x66, 0x81, 0xfd, ...dword(sectors)),
    op('jne add', 0x75, rel8('add')),
    op('mov si, 512', 0xbe, 0x00, 0x02),
    op('mov cx, 8192 - 128', 0xb9, 0x80, 0x1f),
    label('add'),
    op('lodsd', 0x66, 0xad),
    op('rol ebx, 1', 0x66, 0xd1, 0xc3),
    op('add ebx, eax', 0x66, 0x01, 0xc3),
    op('loop add', 0xe2, rel8('add')),
    op('pop ds', 0x1f),
    op('add dword [lba], 64', 0x66, 0x83, 0x06, abs16('lba'), SECTORS_PER_READ),
    op('sub ebp, 64', 0x66, 0x83, 0xed, SECTORS_PER_READ),
    op('jnz read', 0x75, rel8('read')),

    op('mov di, intact', 0xbf, abs16('intact')),
    op('cmp ebx, expected', 0x66, 0x81, 0xfb, ...dword(expected)),
    op('je report', 0x74, rel8('report')),
    label('damaged'),
    op('mov di, damage', 0xbf, abs16('damage')),

    label('report'),
    op('mov si, verdict', 0xbe, abs16('verdict')),
    op('call print', 0xe8, rel16('print')),
    op('mov si, di', 0x89, 0xfe),
    op('call print', 0xe8, rel16('print')),
    // 91 ticks of the 18.2 Hz timer are five seconds; other interrupts only make it shorter.
    op('mov cx, 91', 0xb9, 91, 0x00),
    label('wait'),
    op('hlt', 0xf4),
    op('loop wait', 0xe2, rel8('wait')),
    op('mov si, greeting', 0xbe, abs16('greeting')),
    op('call print', 0xe8, rel16('print')),
    op('jmp report', 0xeb, rel8('report')),

    // Prints the zero-terminated text at SI on COM1 and on the screen. Changes AX, DX and SI.
    label('print'),
    op('lodsb', 0xac),
    op('test al, al', 0x84, 0xc0),
    op('jz done', 0x74, rel8('done')),
    op('push bx', 0x53),
    op('push bp', 0x55),
    op('push ax', 0x50),
    op('mov dx, 0x3fd (line status)', 0xba, 0xfd, 0x03),
    label('busy'),
    op('in al, dx', 0xec),
    op('test al, 0x20 (room for a byte)', 0xa8, 0x20),
    op('jz busy', 0x74, rel8('busy')),
    op('pop ax', 0x58),
    op('mov dx, 0x3f8', 0xba, 0xf8, 0x03),
    op('out dx, al', 0xee),
    op('mov ah, 0x0e (teletype)', 0xb4, 0x0e),
    op('mov bx, 7', 0xbb, 0x07, 0x00),
    op('int 0x10', 0xcd, 0x10),
    op('pop bp', 0x5d),
    op('pop bx', 0x5b),
    op('jmp print', 0xeb, rel8('print')),
    label('done'),
    op('ret', 0xc3),

    label('drive'),
    op('db 0', 0),
    label('packet'),
    op('size 16, reserved', 16, 0),
    op('count', SECTORS_PER_READ, 0),
    op('offset 0', 0, 0),
    op('segment', BUFFER_SEGMENT & 0xff, BUFFER_SEGMENT >> 8),
    label('lba'),
    op('first sector, 64 bits', 0, 0, 0, 0, 0, 0, 0, 0),
    label('greeting'),
    op('text', `${GREETING}\r\n\0`),
    label('verdict'),
    op('text', `kubeferry: read ${sectors} sectors, \0`),
    label('intact'),
    op('text', `${INTACT}\r\n\0`),
    label('damage'),
    op('text', `the disk is ${DAMAGED}\r\n\0`),
  ];
}
