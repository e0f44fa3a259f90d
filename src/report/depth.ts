/** What a reader wants to see: `concerns` leaves the field by field part and the manifests out. */
export type ReportDepth = 'concerns' | 'full';
