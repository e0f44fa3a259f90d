/** The few objects that synthetic VMs point at: one of each kind, with the properties that have a plain value. */

type Properties = Readonly<Record<string, string>>;

const OBJECTS: Readonly<Record<string, readonly (readonly [id: string, properties: Properties])[]>> = {
  Folder: [
    ['group-d1', { name: text('Datacenters') }],
    ['group-v3', { name: text('vm'), parent: pointer('Datacenter', 'datacenter-2') }],
    ['group-h4', { name: text('host'), parent: pointer('Datacenter', 'datacenter-2') }],
    ['group-s5', { name: text('datastore'), parent: pointer('Datacenter', 'datacenter-2') }],
    ['group-n6', { name: text('network'), parent: pointer('Datacenter', 'datacenter-2') }],
  ],
  Datacenter: [
    [
      'datacenter-2',
      {
        name: text('dc'),
        parent: pointer('Folder', 'group-d1'),
        vmFolder: pointer('Folder', 'group-v3'),
        hostFolder: pointer('Folder', 'group-h4'),
        datastoreFolder: pointer('Folder', 'group-s5'),
        networkFolder: pointer('Folder', 'group-n6'),
      },
    ],
  ],
  ClusterComputeResource: [['domain-c7', { name: text('cluster'), parent: pointer('Folder', 'group-h4') }]],
  ResourcePool: [['resgroup-8', { name: text('Resources'), parent: pointer('ClusterComputeResource', 'domain-c7') }]],
  HostSystem: [['host-31', { name: text('esx1.example.com'), parent: pointer('ClusterComputeResource', 'domain-c7') }]],
  Datastore: [
    [
      'datastore-11',
      {
        name: text('vsan-a'),
        parent: pointer('Folder', 'group-s5'),
        'summary.type': text('vsan'),
        'summary.capacity': 'xsi:type="xsd:long">99999999999999',
      },
    ],
  ],
  DistributedVirtualPortgroup: [
    ['dvportgroup-21', { name: text('prod'), key: text('dvportgroup-21'), parent: pointer('Folder', 'group-n6') }],
  ],
};

/** XML of all objects of a type with the properties asked for; empty for a type that there is none of. */
export function objectsOf(type: string, paths: readonly string[]): string {
  const objects = OBJECTS[type] ?? [];
  return objects
    .map(([id, properties]) => `<objects><obj type="${type}">${id}</obj>${sets(properties, paths)}</objects>`)
    .join('');
}

function sets(properties: Properties, paths: readonly string[]): string {
  const known = paths.filter((path) => properties[path] !== undefined);
  return known.map((path) => `<propSet><name>${path}</name><val ${properties[path]}</val></propSet>`).join('');
}

function text(value: string): string {
  return `xsi:type="xsd:string">${value}`;
}

function pointer(type: string, id: string): string {
  return `type="${type}" xsi:type="ManagedObjectReference">${id}`;
}
