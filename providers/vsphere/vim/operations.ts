/**
 * The operations of the vSphere API that this provider calls: name → parameters in the order of the schema (vSphere Web Services
 * API reference). The WSDL, the envelopes and the types of the calls are all made from this table.
 */
export const OPERATIONS = {
  RetrieveServiceContent: [],
  Login: ['userName', 'password', 'locale'],
  Logout: [],
  CurrentTime: [],
  HasPrivilegeOnEntities: ['entity', 'sessionId', 'privId'],

  CreateContainerView: ['container', 'type', 'recursive'],
  DestroyView: [],
  RetrievePropertiesEx: ['specSet', 'options'],
  ContinueRetrievePropertiesEx: ['token'],
  CreatePropertyCollector: [],
  DestroyPropertyCollector: [],
  CreateFilter: ['spec', 'partialUpdates'],
  DestroyPropertyFilter: [],
  WaitForUpdatesEx: ['version', 'options'],
  CancelWaitForUpdates: [],

  PowerOnVM_Task: ['host'],
  PowerOffVM_Task: [],
  ShutdownGuest: [],
  ReconfigVM_Task: ['spec'],
  CreateSnapshot_Task: ['name', 'description', 'memory', 'quiesce'],
  RemoveSnapshot_Task: ['removeChildren', 'consolidate'],
  ConsolidateVMDisks_Task: [],
  Rename_Task: ['newName'],
  MoveIntoFolder_Task: ['list'],
  QueryChangedDiskAreas: ['snapshot', 'deviceKey', 'startOffset', 'changeId'],
  CancelTask: [],

  ExportVm: [],
  ExportSnapshot: [],
  HttpNfcLeaseProgress: ['percent'],
  HttpNfcLeaseComplete: [],
  HttpNfcLeaseAbort: ['fault'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type Operation = keyof typeof OPERATIONS;

/** Parameters that are references to managed objects. All others are written as whatever they are. */
export const REFERENCES: ReadonlySet<string> = new Set(['entity', 'container', 'host', 'snapshot', 'list']);
