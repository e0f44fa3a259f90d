/** Kubernetes quantities (apimachinery resource.Quantity) as numbers. */
const FACTORS: Readonly<Record<string, number>> = {
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
  Ti: 1024 ** 4,
  Pi: 1024 ** 5,
};

/** `20Gi`, `1500m`, `12345`; undefined when it is none. */
export function quantityOf(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([mkMGTP]|[KMGTP]i)?$/.exec(text);
  const factor = FACTORS[match?.[2] ?? ''];
  return match === null || factor === undefined ? undefined : Number(match[1]) * factor;
}
