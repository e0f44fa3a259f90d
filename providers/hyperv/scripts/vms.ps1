# All virtual machines of the host, or those of some ids, in one call: each cmdlet and each class is asked once for all of
# them, and their answers are joined by the VM's id in memory.

# What could not be read, by VM id: names of cmdlets. A list that is empty for that reason is unknown, not empty.
$Unread = @{}

function Set-Unread {
    param($Id, [string]$Name)
    $key = Format-Guid -Value $Id
    if ($null -ne $key -and @($Unread[$key]) -notcontains $Name) { $Unread[$key] = @(Format-Texts -Values $Unread[$key]) + $Name }
}

# Asks a cmdlet for all VMs at once and returns its objects by VM id. A cmdlet that this Windows does not have yields
# nothing. When one VM spoils the question, each is asked alone, and those that fail are marked.
function Get-ByVm {
    param([array]$Vms, [string]$Name, [scriptblock]$Fetch)
    $found = @{}
    if ($Vms.Count -eq 0 -or @(Get-Optional -Ask { Get-Command -Name $Name }).Count -eq 0) { return $found }
    try {
        Add-ByVm -Found $found -Things @(& $Fetch $Vms)
        return $found
    } catch { $found = @{} }
    foreach ($vm in $Vms) {
        try { Add-ByVm -Found $found -Things @(& $Fetch @($vm)) }
        catch { Set-Unread -Id $vm.Id -Name $Name }
    }
    return $found
}

function Add-ByVm {
    param([hashtable]$Found, [array]$Things)
    foreach ($thing in $Things) {
        $id = Format-Guid -Value $thing.VMId
        if ($null -eq $id) { continue }
        if (-not $Found.ContainsKey($id)) { $Found[$id] = New-Object -TypeName System.Collections.ArrayList }
        [void]$Found[$id].Add($thing)
    }
}

# The objects of one VM; none for a VM that has none. Call it as @(Get-Things ...).
function Get-Things {
    param([hashtable]$Found, [string]$Id)
    if ($Found.ContainsKey($Id)) { foreach ($thing in $Found[$Id]) { $thing } }
}

# The one object of a VM, or $null.
function Get-Thing {
    param([hashtable]$Found, [string]$Id)
    if ($Found.ContainsKey($Id)) { return $Found[$Id][0] }
    return $null
}

# The GUIDs of an instance id: Microsoft:<vm>\<device>, Microsoft:GuestNetwork\<vm>\<adapter>.
function Get-Guids {
    param([string]$Id)
    foreach ($match in [regex]::Matches($Id, '[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}')) { $match.Value.ToLowerInvariant() }
}

# Settings of network adapters by the adapter's id, asked for all at once. Where an answer does not tell whose it is, or one
# adapter spoils the question, those that are missing are asked for one by one: a wrong VLAN would be worse than a slow answer.
function Get-ByAdapter {
    param([array]$Adapters, [string]$Name, [scriptblock]$Fetch)
    $found = @{}
    if ($Adapters.Count -eq 0 -or @(Get-Optional -Ask { Get-Command -Name $Name }).Count -eq 0) { return $found }
    foreach ($setting in @(Get-Optional -Ask { & $Fetch $Adapters })) {
        $key = Format-Text -Value $setting.ParentAdapter.Id
        if ($null -ne $key) { $found[$key] = $setting }
    }
    foreach ($adapter in $Adapters) {
        $key = [string]$adapter.Id
        if ($found.ContainsKey($key)) { continue }
        try {
            $own = @(& $Fetch @($adapter))
            if ($own.Count -eq 1) { $found[$key] = $own[0] }
        } catch { Set-Unread -Id $adapter.VMId -Name $Name }
    }
    return $found
}

# -- the virtualization API, one query a class ---------------------------------------------------------------------------

# Identities, by VM id. Realized: the machine itself and none of its checkpoints.
function Get-Identities {
    $found = @{}
    $settings = @(Get-Optional -Ask {
            $class = @{ Namespace = $Virtualization; ClassName = 'Msvm_VirtualSystemSettingData' }
            Get-CimInstance @class -Filter "VirtualSystemType = 'Microsoft:Hyper-V:System:Realized'"
        })
    foreach ($data in $settings) {
        $id = Format-Guid -Value $data.VirtualSystemIdentifier
        if ($null -eq $id) { continue }
        $found[$id] = [ordered]@{
            biosGuid        = Format-Guid -Value $data.BIOSGUID
            biosSerial      = Format-Text -Value $data.BIOSSerialNumber
            baseBoardSerial = Format-Text -Value $data.BaseBoardSerialNumber
            chassisSerial   = Format-Text -Value $data.ChassisSerialNumber
            assetTag        = Format-Text -Value $data.ChassisAssetTag
        }
    }
    return $found
}

# What guests say of themselves, by VM id: each item is one CIM instance as XML with the properties Name and Data.
function Get-GuestItems {
    $found = @{}
    $components = @(Get-Optional -Ask { Get-CimInstance -Namespace $Virtualization -ClassName Msvm_KvpExchangeComponent })
    foreach ($component in $components) {
        $id = Format-Guid -Value $component.SystemName
        if ($null -eq $id) { continue }
        $items = [ordered]@{}
        foreach ($text in @(Format-Texts -Values $component.GuestIntrinsicExchangeItems)) {
            $pair = Read-GuestItem -Text $text
            if ($null -ne $pair -and -not $items.Contains($pair[0])) { $items.Add($pair[0], $pair[1]) }
        }
        $found[$id] = $items
    }
    return $found
}

# The guest chooses the content: no document type is read, and a broken item is no item.
function Read-GuestItem {
    param([string]$Text)
    try {
        $document = New-Object -TypeName System.Xml.XmlDocument
        $document.XmlResolver = $null
        $source = New-Object -TypeName System.IO.StringReader -ArgumentList $Text
        # The reader that Create returns prohibits document types.
        $document.Load([System.Xml.XmlReader]::Create($source))
        $name = $document.SelectSingleNode("/INSTANCE/PROPERTY[@NAME='Name']/VALUE").InnerText
        $data = $document.SelectSingleNode("/INSTANCE/PROPERTY[@NAME='Data']/VALUE").InnerText
        if ([string]$name -ne '' -and [string]$data -ne '') { return , @([string]$name, [string]$data) }
    } catch { return $null }
    return $null
}

# IP configurations inside guests, by VM id and adapter: <vm>\<adapter>.
function Get-GuestNetworks {
    $found = @{}
    $networks = @(Get-Optional -Ask {
            Get-CimInstance -Namespace $Virtualization -ClassName Msvm_GuestNetworkAdapterConfiguration
        })
    foreach ($network in $networks) {
        $guids = @(Get-Guids -Id $network.InstanceID)
        if ($guids.Count -lt 2) { continue }
        # Three lists of equal length, one entry an address.
        $addresses = @()
        $subnets = @($network.Subnets)
        $origins = @($network.IPAddressOrigins)
        $index = 0
        foreach ($address in @($network.IPAddresses)) {
            $entry = [ordered]@{ address = [string]$address }
            if ($index -lt $subnets.Count) { $entry['subnet'] = Format-Text -Value $subnets[$index] }
            if ($index -lt $origins.Count) { $entry['origin'] = Format-Count -Value $origins[$index] }
            if ($entry['address'] -ne '') { $addresses += $entry }
            $index++
        }
        $found[$guids[0] + '\' + $guids[1]] = [ordered]@{
            dhcp      = Format-Flag -Value $network.DHCPEnabled
            addresses = $addresses
            gateways  = @(Format-Texts -Values $network.DefaultGateways)
            dns       = @(Format-Texts -Values $network.DNSServers)
        }
    }
    return $found
}

# -- parts of a machine --------------------------------------------------------------------------------------------------

function Get-Processor {
    param($Vm, $Processor)
    return [ordered]@{
        count                     = [int]$Vm.ProcessorCount
        # 0: as the host has.
        threadsPerCore            = Format-Count -Value $Processor.HwThreadCountPerCore
        maximumPerNumaNode        = Format-Count -Value $Processor.MaximumCountPerNumaNode
        maximumPerNumaSocket      = Format-Count -Value $Processor.MaximumCountPerNumaSocket
        nested                    = Format-Flag -Value $Processor.ExposeVirtualizationExtensions
        compatibilityForMigration = Format-Flag -Value $Processor.CompatibilityForMigrationEnabled
        reservePercent            = Format-Count -Value $Processor.Reserve
        limitPercent              = Format-Count -Value $Processor.Maximum
        weight                    = Format-Count -Value $Processor.RelativeWeight
    }
}

function Get-Memory {
    param($Vm, $Memory)
    return [ordered]@{
        startup  = Format-Size -Value $Vm.MemoryStartup
        dynamic  = [bool]$Vm.DynamicMemoryEnabled
        minimum  = Format-Size -Value $Vm.MemoryMinimum
        maximum  = Format-Size -Value $Vm.MemoryMaximum
        buffer   = Format-Count -Value $Memory.Buffer
        priority = Format-Count -Value $Memory.Priority
        assigned = Format-Size -Value $Vm.MemoryAssigned
    }
}

# Where a drive sits, as the contract writes it: scsi0:1.
function Get-Slot {
    param($Drive)
    return ([string]$Drive.ControllerType).ToLowerInvariant() + [string]$Drive.ControllerNumber + ':' + [string]$Drive.ControllerLocation
}

# The kind of a boot source is the type of its device; a file on the EFI partition has none.
function Get-BootSource {
    param($Source)
    if ($null -eq $Source.Device) {
        $kind = 'other'
        if ([string]$Source.BootType -eq 'File') { $kind = 'file' }
        return [ordered]@{ kind = $kind; device = Format-Text -Value $Source.Description }
    }
    switch ($Source.Device.GetType().Name) {
        'HardDiskDrive' { return [ordered]@{ kind = 'disk'; device = Get-Slot -Drive $Source.Device } }
        'DvdDrive' { return [ordered]@{ kind = 'dvd'; device = Get-Slot -Drive $Source.Device } }
        'VMNetworkAdapter' { return [ordered]@{ kind = 'network'; device = [string]$Source.Device.Id } }
        default { return [ordered]@{ kind = 'other'; device = Format-Text -Value $Source.Description } }
    }
}

function Get-Firmware {
    param($Firmware)
    if ($null -eq $Firmware) { return $null }
    return [ordered]@{
        secureBoot      = Format-Flag -Value $Firmware.SecureBoot
        template        = Format-Text -Value $Firmware.SecureBootTemplate
        templateId      = Format-Guid -Value $Firmware.SecureBootTemplateId
        bootOrder       = @(foreach ($source in @($Firmware.BootOrder)) { if ($null -ne $source) { Get-BootSource -Source $source } })
        networkProtocol = Format-Text -Value $Firmware.PreferredNetworkBootProtocol
        consoleMode     = Format-Text -Value $Firmware.ConsoleMode
    }
}

function Get-Bios {
    param($Bios)
    if ($null -eq $Bios) { return $null }
    return [ordered]@{ startupOrder = @(Format-Texts -Values $Bios.StartupOrder); numLock = Format-Flag -Value $Bios.NumLockEnabled }
}

# GuestStateIsolationType belongs to the VM, from Windows Server 2022 on.
function Get-Security {
    param($Vm, $Security)
    if ($null -eq $Security) { return $null }
    return [ordered]@{
        tpm            = Format-Flag -Value $Security.TpmEnabled
        shielded       = Format-Flag -Value $Security.Shielded
        encryptedState = Format-Flag -Value $Security.EncryptStateAndVmMigrationTraffic
        vbsOptOut      = Format-Flag -Value $Security.VirtualizationBasedSecurityOptOut
        isolation      = Format-Text -Value $Vm.GuestStateIsolationType
    }
}

function Get-Dvd {
    param($Drive)
    return [ordered]@{
        id                 = [string]$Drive.Id
        controllerType     = Format-Choice -Value $Drive.ControllerType -Choices 'IDE', 'SCSI' -Always
        controllerNumber   = [int]$Drive.ControllerNumber
        controllerLocation = [int]$Drive.ControllerLocation
        path               = Format-Text -Value $Drive.Path
    }
}

# Windows writes the VLANs of a trunk as text (1-100,200) or as a list of numbers, by its version.
function Get-Vlan {
    param($Setting)
    if ($null -eq $Setting) { return $null }
    $allowed = Format-Text -Value $Setting.AllowedVlanIdListString
    if ($null -eq $allowed) { $allowed = Format-Text -Value (@(Format-Texts -Values $Setting.AllowedVlanIdList) -join ',') }
    $privateMode = $null
    $secondary = $null
    if ([string]$Setting.OperationMode -eq 'Private') {
        $privateMode = Format-Choice -Value $Setting.PrivateVlanMode -Choices 'Isolated', 'Community', 'Promiscuous'
        $secondary = Format-Count -Value $Setting.SecondaryVlanId
    }
    return [ordered]@{
        mode        = Format-Choice -Value $Setting.OperationMode -Choices 'Untagged', 'Access', 'Trunk', 'Private' -Always
        access      = Format-Count -Value $Setting.AccessVlanId
        native      = Format-Count -Value $Setting.NativeVlanId
        allowed     = $allowed
        privateMode = $privateMode
        primary     = Format-Count -Value $Setting.PrimaryVlanId
        secondary   = $secondary
    }
}

function Get-Isolation {
    param($Setting)
    if ($null -eq $Setting) { return $null }
    return [ordered]@{
        mode = Format-Choice -Value $Setting.IsolationMode -Choices 'None', 'NativeVirtualSubnet', 'ExternalVirtualSubnet', 'Vlan' -Always
        id   = Format-Count -Value $Setting.DefaultIsolationID
    }
}

function Get-Adapter {
    param($Adapter, $Vlan, $Isolation, $Guest)
    return [ordered]@{
        id               = [string]$Adapter.Id
        name             = [string]$Adapter.Name
        mac              = Format-Mac -Value $Adapter.MacAddress
        dynamicMac       = Format-Flag -Value $Adapter.DynamicMacAddressEnabled
        legacy           = [bool]$Adapter.IsLegacy
        connected        = Format-Flag -Value $Adapter.Connected
        switchId         = Format-Guid -Value $Adapter.SwitchId
        switchName       = Format-Text -Value $Adapter.SwitchName
        addresses        = @(Format-Texts -Values $Adapter.IPAddresses)
        macSpoofing      = Format-Flag -Value $Adapter.MacAddressSpoofing
        teaming          = Format-Flag -Value $Adapter.AllowTeaming
        iovWeight        = Format-Count -Value $Adapter.IovWeight
        deviceNaming     = Format-Flag -Value $Adapter.DeviceNaming
        dhcpGuard        = Format-Flag -Value $Adapter.DhcpGuard
        routerGuard      = Format-Flag -Value $Adapter.RouterGuard
        portMirroring    = Get-PortMirroring -Adapter $Adapter
        maximumBandwidth = Format-Size -Value $Adapter.BandwidthSetting.MaximumBandwidth
        minimumBandwidth = Format-Size -Value $Adapter.BandwidthSetting.MinimumBandwidthAbsolute
        virtualSubnet    = Format-Count -Value $Adapter.VirtualSubnetId
        vlan             = Get-Vlan -Setting $Vlan
        isolation        = Get-Isolation -Setting $Isolation
        guest            = $Guest
    }
}

function Get-PortMirroring {
    param($Adapter)
    $mode = Format-Choice -Value $Adapter.PortMirroringMode -Choices 'None', 'Source', 'Destination'
    if ($mode -eq 'Unknown') { return $null }
    return $mode
}

# Types of checkpoints, as the cmdlet names them, by the contract's words.
$CheckpointTypes = @{
    Standard = 'Standard'; Production = 'Production'; Recovery = 'Recovery'; Replica = 'Replica'; Planned = 'Planned'
    Missing = 'Missing'; AppConsistentReplica = 'Replica'; SyncedReplica = 'Replica'
}

function Get-CheckpointFacts {
    param($Checkpoint)
    $type = $CheckpointTypes[[string]$Checkpoint.SnapshotType]
    if ($null -eq $type) { $type = 'Unknown' }
    return [ordered]@{
        id        = Format-Guid -Value $Checkpoint.Id
        name      = [string]$Checkpoint.Name
        type      = $type
        automatic = Format-Flag -Value $Checkpoint.IsAutomaticCheckpoint
        parent    = Format-Guid -Value $Checkpoint.ParentSnapshotId
        createdAt = Format-Date -Value $Checkpoint.CreationTime
    }
}

# Integration services by the GUID of each component: their names are in the host's language. One that speaks an older
# protocol than the host (Degraded, as those of most Linux guests) works.
function Get-IntegrationFacts {
    param($Service)
    $guids = @(Get-Guids -Id $Service.Id)
    if ($guids.Count -eq 0) { return }
    $status = Format-Text -Value $Service.PrimaryOperationalStatus
    $ok = $null
    if ($null -ne $status) { $ok = @('Ok', 'Degraded') -contains $status }
    return [ordered]@{ id = $guids[$guids.Count - 1]; enabled = [bool]$Service.Enabled; ok = $ok }
}

# What else is plugged in, in words. Serial ports without a pipe and floppy drives without a disk are in every machine and
# say nothing.
function Get-DeviceLabel {
    param([string]$Kind, $Device)
    switch ($Kind) {
        'com-port' {
            if ($null -eq (Format-Text -Value $Device.Path)) { return $null }
            return [string]$Device.Name + ': ' + [string]$Device.Path
        }
        'floppy' { return Format-Text -Value $Device.Path }
        'dda' { return 'PCI device ' + [string]$Device.LocationPath }
        'gpu-partition' { return 'GPU partition ' + [string]$Device.InstancePath }
        default { return [string]$Device.Name + ' on SAN ' + [string]$Device.SanName }
    }
}

function Get-Devices {
    param($Found, [string]$Id)
    foreach ($kind in $Found.Keys) {
        foreach ($device in @(Get-Things -Found $Found[$kind] -Id $Id)) {
            $label = Get-DeviceLabel -Kind $kind -Device $device
            if ($null -ne $label) { [ordered]@{ kind = $kind; label = $label.Trim() } }
        }
    }
}

# Seconds of a TimeSpan.
function Format-Seconds {
    param($Value)
    if ($Value -isnot [timespan]) { return $null }
    return Format-Count -Value ([math]::Floor($Value.TotalSeconds))
}

function Get-Replication {
    param($Vm)
    $mode = Format-Text -Value $Vm.ReplicationMode
    if ($null -eq $mode -or $mode -eq 'None') { return $null }
    return [ordered]@{ mode = $mode; state = [string]$Vm.ReplicationState }
}

Invoke-Script {
    param($Told)
    if ($null -eq $Told.ids) {
        $vms = @(Get-VM)
        # Who has no right to see VMs may be shown a host without any.
        $login = Get-Login
        if ($vms.Count -eq 0 -and -not $login.isAdministrator -and -not $login.isHyperVAdministrator) {
            Stop-Script -Code 'access-denied' -Message 'The login is neither in Administrators nor in Hyper-V Administrators.'
        }
    }
    else {
        $vms = @(foreach ($id in @($Told.ids)) {
                try { Get-VM -Id ([guid]$id) } catch { if (-not (Test-NotFound -Record $_)) { throw } }
            })
    }
    # Firmware belongs to generation 2, BIOS and floppy drives to generation 1; the cmdlets refuse the other one.
    $first = @($vms | Where-Object { $_.Generation -eq 1 })
    $second = @($vms | Where-Object { $_.Generation -eq 2 })

    $processors = Get-ByVm -Vms $vms -Name 'Get-VMProcessor' -Fetch { param($Of) Get-VMProcessor -VM $Of }
    $memories = Get-ByVm -Vms $vms -Name 'Get-VMMemory' -Fetch { param($Of) Get-VMMemory -VM $Of }
    $firmwares = Get-ByVm -Vms $second -Name 'Get-VMFirmware' -Fetch { param($Of) Get-VMFirmware -VM $Of }
    $bioses = Get-ByVm -Vms $first -Name 'Get-VMBios' -Fetch { param($Of) Get-VMBios -VM $Of }
    $securities = Get-ByVm -Vms $vms -Name 'Get-VMSecurity' -Fetch { param($Of) Get-VMSecurity -VM $Of }
    $controllers = Get-ByVm -Vms $vms -Name 'Get-VMScsiController' -Fetch { param($Of) Get-VMScsiController -VM $Of }
    $drives = Get-ByVm -Vms $vms -Name 'Get-VMHardDiskDrive' -Fetch { param($Of) Get-VMHardDiskDrive -VM $Of }
    $dvds = Get-ByVm -Vms $vms -Name 'Get-VMDvdDrive' -Fetch { param($Of) Get-VMDvdDrive -VM $Of }
    $adapters = Get-ByVm -Vms $vms -Name 'Get-VMNetworkAdapter' -Fetch { param($Of) Get-VMNetworkAdapter -VM $Of }
    $services = Get-ByVm -Vms $vms -Name 'Get-VMIntegrationService' -Fetch { param($Of) Get-VMIntegrationService -VM $Of }
    $checkpoints = Get-ByVm -Vms $vms -Name 'Get-VMSnapshot' -Fetch { param($Of) Get-VMSnapshot -VM $Of }
    $devices = [ordered]@{
        'fibre-channel' = Get-ByVm -Vms $vms -Name 'Get-VMFibreChannelHba' -Fetch { param($Of) Get-VMFibreChannelHba -VM $Of }
        'dda'           = Get-ByVm -Vms $vms -Name 'Get-VMAssignableDevice' -Fetch { param($Of) Get-VMAssignableDevice -VM $Of }
        'gpu-partition' = Get-ByVm -Vms $vms -Name 'Get-VMGpuPartitionAdapter' -Fetch { param($Of) Get-VMGpuPartitionAdapter -VM $Of }
        'com-port'      = Get-ByVm -Vms $vms -Name 'Get-VMComPort' -Fetch { param($Of) Get-VMComPort -VM $Of }
        'floppy'        = Get-ByVm -Vms $first -Name 'Get-VMFloppyDiskDrive' -Fetch { param($Of) Get-VMFloppyDiskDrive -VM $Of }
    }
    $all = @(foreach ($list in $adapters.Values) { foreach ($adapter in $list) { $adapter } })
    $vlans = Get-ByAdapter -Adapters $all -Name 'Get-VMNetworkAdapterVlan' -Fetch { param($Of) Get-VMNetworkAdapterVlan -VMNetworkAdapter $Of }
    $isolations = Get-ByAdapter -Adapters $all -Name 'Get-VMNetworkAdapterIsolation' -Fetch { param($Of) Get-VMNetworkAdapterIsolation -VMNetworkAdapter $Of }
    $identities = Get-Identities
    $guestItems = Get-GuestItems
    $guestNetworks = Get-GuestNetworks

    $described = @(foreach ($vm in $vms) {
            $id = Format-Guid -Value $vm.Id
            $security = Get-Thing -Found $securities -Id $id
            $nics = @(foreach ($adapter in @(Get-Things -Found $adapters -Id $id)) {
                    $key = [string]$adapter.Id
                    $guest = $guestNetworks[@(Get-Guids -Id $key) -join '\']
                    Get-Adapter -Adapter $adapter -Vlan $vlans[$key] -Isolation $isolations[$key] -Guest $guest
                })
            $known = [ordered]@{
                id                = $id
                name              = [string]$vm.Name
                state             = [string]$vm.State
                generation        = [int]$vm.Generation
                version           = Format-Text -Value $vm.Version
                notes             = Format-Text -Value $vm.Notes
                path              = Format-Text -Value $vm.Path
                host              = [string]$vm.ComputerName
                clustered         = Format-Flag -Value $vm.IsClustered
                uptimeSeconds     = Format-Seconds -Value $vm.Uptime
                automaticStart    = Format-Choice -Value $vm.AutomaticStartAction -Choices 'Nothing', 'StartIfRunning', 'Start'
                automaticStop     = Format-Choice -Value $vm.AutomaticStopAction -Choices 'TurnOff', 'Save', 'ShutDown'
                startDelaySeconds = Format-Count -Value $vm.AutomaticStartDelay
                checkpointType    = Format-Choice -Value $vm.CheckpointType -Choices 'Disabled', 'Production', 'ProductionOnly', 'Standard'
                replication       = Get-Replication -Vm $vm
                createdAt         = Format-Date -Value $vm.CreationTime
                processor         = Get-Processor -Vm $vm -Processor (Get-Thing -Found $processors -Id $id)
                memory            = Get-Memory -Vm $vm -Memory (Get-Thing -Found $memories -Id $id)
                identity          = @{}
                firmware          = Get-Firmware -Firmware (Get-Thing -Found $firmwares -Id $id)
                bios              = Get-Bios -Bios (Get-Thing -Found $bioses -Id $id)
                security          = Get-Security -Vm $vm -Security $security
                scsiControllers   = @(Get-Things -Found $controllers -Id $id).Count
                disks             = @(foreach ($drive in @(Get-Things -Found $drives -Id $id)) { Get-HardDisk -Drive $drive })
                dvds              = @(foreach ($drive in @(Get-Things -Found $dvds -Id $id)) { Get-Dvd -Drive $drive })
                adapters          = $nics
                devices           = @(Get-Devices -Found $devices -Id $id)
                integration       = @(foreach ($service in @(Get-Things -Found $services -Id $id)) { Get-IntegrationFacts -Service $service })
                kvp               = @{}
                checkpoints       = @(foreach ($point in @(Get-Things -Found $checkpoints -Id $id)) { Get-CheckpointFacts -Checkpoint $point })
                unread            = @(Format-Texts -Values $Unread[$id])
            }
            if ($identities.ContainsKey($id)) { $known['identity'] = $identities[$id] }
            if ($guestItems.ContainsKey($id)) { $known['kvp'] = $guestItems[$id] }
            $known
        })
    @{ vms = $described }
}
