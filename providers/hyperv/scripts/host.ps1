# The host and what its machines are attached to, in one call. Needs no right that a login does not have: what this user
# may not see is left out, and whether it may is part of the answer.

# Hyper-V runs where the service of its management is installed and its cmdlets are.
function Test-HyperV {
    $services = @(Get-Optional -Ask { Get-Service -Name 'vmms' })
    $commands = @(Get-Optional -Ask { Get-Command -Name 'Get-VMHost' })
    return $services.Count -gt 0 -and $commands.Count -gt 0
}

function Get-Switches {
    foreach ($lan in @(Get-Optional -Ask { Get-VMSwitch })) {
        # Several network cards are a list in NetAdapterInterfaceDescriptions (Windows Server 2016 and later).
        $cards = @(Format-Texts -Values $lan.NetAdapterInterfaceDescriptions)
        if ($cards.Count -eq 0) { $cards = @(Format-Texts -Values $lan.NetAdapterInterfaceDescription) }
        [ordered]@{
            id              = Format-Guid -Value $lan.Id
            name            = [string]$lan.Name
            type            = Format-Choice -Value $lan.SwitchType -Choices 'External', 'Internal', 'Private' -Always
            description     = Format-Text -Value ($cards -join ', ')
            embeddedTeaming = Format-Flag -Value $lan.EmbeddedTeamingEnabled
            iov             = Format-Flag -Value $lan.IovEnabled
        }
    }
}

# Local volumes with a drive letter or a mount folder. DriveType 3 is a fixed disk.
function Get-LocalVolumes {
    $found = @(Get-Optional -Ask { Get-CimInstance -ClassName Win32_Volume -Filter 'DriveType = 3' })
    foreach ($volume in $found) {
        $path = Format-Text -Value $volume.Name
        if ($null -eq $path -or $path.StartsWith('\\?\')) { continue }
        [ordered]@{
            path       = $path.TrimEnd('\') + '\'
            label      = Format-Text -Value $volume.Label
            kind       = 'local'
            fileSystem = Format-Text -Value $volume.FileSystem
            size       = Format-Size -Value $volume.Capacity
            free       = Format-Size -Value $volume.FreeSpace
        }
    }
}

# Cluster shared volumes. One may hold several partitions, each with a folder of its own.
function Get-SharedVolumes {
    foreach ($volume in @(Get-Optional -Ask { Get-ClusterSharedVolume })) {
        foreach ($part in @($volume.SharedVolumeInfo)) {
            $path = Format-Text -Value $part.FriendlyVolumeName
            if ($null -eq $path) { continue }
            [ordered]@{
                path       = $path.TrimEnd('\') + '\'
                label      = Format-Text -Value $volume.Name
                kind       = 'csv'
                fileSystem = Format-Text -Value $part.Partition.FileSystem
                size       = Format-Size -Value $part.Partition.Size
                free       = Format-Size -Value $part.Partition.FreeSpace
                owner      = Format-Text -Value $volume.OwnerNode.Name
            }
        }
    }
}

function Get-Shares {
    foreach ($share in @(Get-Optional -Ask { Get-SmbShare })) {
        $path = Format-Text -Value $share.Path
        # IPC$ and printers lead to no folder.
        if ($null -eq $path -or $path -notmatch '^[A-Za-z]:\\') { continue }
        [ordered]@{ name = [string]$share.Name; path = $path; special = [bool]$share.Special }
    }
}

# Roles of virtual machines, each found by the VM id that its resource holds: names of roles and machines may differ.
function Get-Roles {
    $groups = @{}
    foreach ($group in @(Get-ClusterGroup)) { $groups[[string]$group.Name] = $group }
    $resources = @(Get-ClusterResource | Where-Object { [string]$_.ResourceType.Name -eq 'Virtual Machine' })
    foreach ($resource in $resources) {
        $parameter = @(Get-Optional -Ask { Get-ClusterParameter -InputObject $resource -Name 'VmID' })
        if ($parameter.Count -eq 0) { continue }
        $vm = Format-Guid -Value $parameter[0].Value
        $group = $groups[[string]$resource.OwnerGroup.Name]
        if ($null -eq $vm -or $null -eq $group) { continue }
        [ordered]@{
            vm           = $vm
            group        = [string]$group.Name
            owner        = [string]$group.OwnerNode.Name
            priority     = Format-Count -Value $group.Priority
            antiAffinity = @(Format-Texts -Values $group.AntiAffinityClassNames)
        }
    }
}

# $null for a host that stands alone.
function Get-ClusterOfHost {
    if (@(Get-Optional -Ask { Get-Service -Name 'ClusSvc' } | Where-Object { [string]$_.Status -eq 'Running' }).Count -eq 0) { return $null }
    $clusters = @(Get-Optional -Ask { Get-Cluster })
    if ($clusters.Count -eq 0) { return [ordered]@{ name = ''; readable = $false; nodes = @(); roles = @() } }
    $domain = Format-Text -Value $clusters[0].Domain
    $nodes = @(foreach ($node in @(Get-Optional -Ask { Get-ClusterNode })) {
            $fqdn = $null
            if ($null -ne $domain) { $fqdn = [string]$node.Name + '.' + $domain }
            [ordered]@{
                name  = [string]$node.Name
                fqdn  = $fqdn
                state = Format-Choice -Value $node.State -Choices 'Up', 'Down', 'Paused', 'Joining' -Always
            }
        })
    return [ordered]@{
        name     = [string]$clusters[0].Name
        readable = $true
        nodes    = $nodes
        roles    = @(Get-Optional -Ask { Get-Roles })
    }
}

Invoke-Script {
    param($Told)
    $system = Get-CimInstance -ClassName Win32_ComputerSystem
    $windows = Get-CimInstance -ClassName Win32_OperatingSystem
    $login = Get-Login
    $hyperV = Test-HyperV
    $switches = @()
    $versions = @()
    if ($hyperV) {
        $switches = @(Get-Switches)
        $versions = @(Get-Optional -Ask { Get-VMHostSupportedVersion } | Sort-Object -Property { [version]$_.Version } |
                ForEach-Object { [string]$_.Version })
    }
    $fqdn = Format-Text -Value $system.DNSHostName
    if ($null -ne $fqdn -and $system.PartOfDomain) { $fqdn = $fqdn + '.' + $system.Domain }
    $shared = @(Get-SharedVolumes)
    $folders = @($shared | ForEach-Object { $_['path'] })
    [ordered]@{
        name                  = [string]$system.Name
        fqdn                  = $fqdn
        version               = [string]$windows.Version
        product               = Format-Text -Value $windows.Caption
        powershell            = $PSVersionTable.PSVersion.ToString()
        vmVersions            = $versions
        logicalProcessors     = Format-Count -Value $system.NumberOfLogicalProcessors
        memory                = Format-Size -Value $system.TotalPhysicalMemory
        hyperv                = $hyperV
        user                  = $login.name
        isAdministrator       = $login.isAdministrator
        isHyperVAdministrator = $login.isHyperVAdministrator
        switches              = $switches
        # A cluster shared volume is a mount folder too, on the node that owns it.
        volumes               = @(Get-LocalVolumes | Where-Object { $folders -notcontains $_['path'] }) + $shared
        shares                = @(Get-Shares)
        cluster               = Get-ClusterOfHost
    }
}
