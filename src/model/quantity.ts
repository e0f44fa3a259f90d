/** Kubernetes quantities (apimachinery resource.Quantity) as numbers. */
const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
  Ti: 1024 ** 4,
  Pi: 1024 ** 5,
  Ei: 1024 ** 6,
};

/** `20Gi`, `1500m`, `12345`, `2e3`; undefined when it is none, or negative. */
export function quantityOf(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?(?:[eE][+-]?\d{1,2})?)([numkMGTPE]|[KMGTPE]i)?$/.exec(text);
  const factor = FACTORS[match?.[2] ?? ''];
  return match === null || factor === undefined ? undefined : Number(match[1]) * factor;
}
