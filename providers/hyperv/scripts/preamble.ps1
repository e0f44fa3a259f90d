# What every script shares. Sent in front of each one; Windows PowerShell 5.1 (Windows Server 2016 to 2025), pure ASCII.
#
# A script is one call:   Invoke-Script { param($Told) ... }   whose body returns one dictionary, the answer of contract.ts.
# Values leave it in the forms below: Format-* turn what a cmdlet says into the contract's form, or into $null for what is
# unknown; nulls are left out of the document. Lists are built with @(...) and stay lists.
#
# Strict mode stays off on purpose: a property that a version of Windows does not have reads as $null, and so is left out.
# Names of people and things are data. They never become part of a command, a query or a script: objects are found by
# comparing in memory, or by an id that went through [guid].

$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$WarningPreference = 'SilentlyContinue'
$Virtualization = 'root/virtualization/v2'
$FerryInput = [string]$args[0]

# -- failures ------------------------------------------------------------------------------------------------------------

# Ends the script with a code of the contract's list.
function Stop-Script {
    param([string]$Code, [string]$Message, $JobError)
    $exception = New-Object -TypeName System.Exception -ArgumentList $Message
    $exception.Data['ferryCode'] = $Code
    if ($null -ne $JobError) { $exception.Data['ferryJobError'] = [int]$JobError }
    throw $exception
}

# What an error record tells, by what is the same in each language: categories, ids and types. Never by its message.
function Get-FailureCode {
    param($Record)
    $exception = $Record.Exception
    if ($exception.Data.Contains('ferryCode')) { return [string]$exception.Data['ferryCode'] }
    $kind = [string]$Record.CategoryInfo.Category
    $id = [string]$Record.FullyQualifiedErrorId
    if ($exception -is [System.Management.Automation.CommandNotFoundException]) { return 'module-missing' }
    if ($kind -eq 'PermissionDenied' -or $kind -eq 'SecurityError') { return 'access-denied' }
    # The Hyper-V cmdlets: AccessDenied,Microsoft.HyperV.PowerShell.Commands.GetVM
    if ($id -like 'AccessDenied*' -or $id -like 'AuthorizationFailed*') { return 'access-denied' }
    # CIM: HRESULT 0x80041003,Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand
    if ($id -like 'HRESULT 0x80041003*' -or $id -like 'HRESULT 0x80070005*') { return 'access-denied' }
    if ($exception -is [System.UnauthorizedAccessException]) { return 'access-denied' }
    if ($id -like 'ObjectInUse*' -or $kind -eq 'ResourceBusy') { return 'busy' }
    return 'failed'
}

# True when a cmdlet says that there is no such object (and not that it could not ask).
function Test-NotFound {
    param($Record)
    $id = [string]$Record.FullyQualifiedErrorId
    # Get-VM -Id answers InvalidParameter for an id that no VM has.
    return [string]$Record.CategoryInfo.Category -eq 'ObjectNotFound' -or $id -like 'ObjectNotFound*' -or
        $id -like 'InvalidParameter,*'
}

# Runs the body and writes its answer, or its failure, as one JSON document to the standard output.
function Invoke-Script {
    param([scriptblock]$Body)
    try {
        $told = ConvertFrom-Json -InputObject $FerryInput
        $answers = @(& $Body $told)
        if ($answers.Count -ne 1 -or $answers[0] -isnot [System.Collections.IDictionary]) {
            Stop-Script -Code 'failed' -Message 'The script did not return one answer.'
        }
        $document = ConvertTo-AsciiJson -Value $answers[0]
        $code = 0
    } catch {
        $failure = [ordered]@{
            code     = Get-FailureCode -Record $_
            message  = [string]$_.Exception.Message
            category = [string]$_.CategoryInfo.Category
            errorId  = [string]$_.FullyQualifiedErrorId
            jobError = $_.Exception.Data['ferryJobError']
        }
        $document = ConvertTo-AsciiJson -Value @{ failed = $failure }
        $code = 1
    }
    # The console's writer, because PowerShell's own output is formatted and may be folded.
    [Console]::Out.Write($document)
    [Console]::Out.Flush()
    exit $code
}

# What an optional question yields, as a list; nothing where the cmdlet, class or right is missing on this host.
function Get-Optional {
    param([scriptblock]$Ask)
    try { return @(& $Ask) } catch { return @() }
}

# -- the answer's JSON ---------------------------------------------------------------------------------------------------

# ConvertTo-Json of 5.1 bends lists, enums, dates and depth; this writer knows five kinds of values and refuses the others.
function ConvertTo-AsciiJson {
    param($Value)
    $text = New-Object -TypeName System.Text.StringBuilder
    Write-JsonValue -Text $text -Value $Value
    return $text.ToString()
}

function Write-JsonValue {
    param([System.Text.StringBuilder]$Text, $Value)
    if ($null -eq $Value) { [void]$Text.Append('null') }
    elseif ($Value -is [string]) { Write-JsonString -Text $Text -Value $Value }
    elseif ($Value -is [bool]) { if ($Value) { [void]$Text.Append('true') } else { [void]$Text.Append('false') } }
    elseif ($Value -is [System.Collections.IDictionary]) {
        [void]$Text.Append('{')
        $first = $true
        foreach ($entry in $Value.GetEnumerator()) {
            if ($null -eq $entry.Value) { continue }
            if ($first) { $first = $false } else { [void]$Text.Append(',') }
            Write-JsonString -Text $Text -Value ([string]$entry.Key)
            [void]$Text.Append(':')
            Write-JsonValue -Text $Text -Value $entry.Value
        }
        [void]$Text.Append('}')
    }
    elseif ($Value -is [System.Collections.IList]) {
        [void]$Text.Append('[')
        for ($index = 0; $index -lt $Value.Count; $index++) {
            if ($index -gt 0) { [void]$Text.Append(',') }
            Write-JsonValue -Text $Text -Value $Value[$index]
        }
        [void]$Text.Append(']')
    }
    elseif ($Value -is [int] -or $Value -is [uint32] -or $Value -is [int16] -or $Value -is [uint16] -or $Value -is [byte]) {
        [void]$Text.Append($Value.ToString([cultureinfo]::InvariantCulture))
    }
    # Sizes go as text (Format-Size); a number of this width would lose digits above 2^53.
    else { Stop-Script -Code 'failed' -Message ('The answer holds a value of the type ' + $Value.GetType().FullName) }
}

function Write-JsonString {
    param([System.Text.StringBuilder]$Text, [string]$Value)
    [void]$Text.Append('"')
    if ($Value -cnotmatch '[^ !#-\[\]-~]') { [void]$Text.Append($Value) }
    else {
        foreach ($letter in $Value.ToCharArray()) {
            $number = [int]$letter
            if ($number -eq 34 -or $number -eq 92) { [void]$Text.Append('\').Append($letter) }
            elseif ($number -ge 32 -and $number -le 126) { [void]$Text.Append($letter) }
            else { [void]$Text.Append('\u').Append($number.ToString('x4')) }
        }
    }
    [void]$Text.Append('"')
}

# -- forms of values -----------------------------------------------------------------------------------------------------

# Text, or $null for none.
function Format-Text {
    param($Value)
    if ($null -eq $Value) { return $null }
    $text = [string]$Value
    if ($text.Trim() -eq '') { return $null }
    return $text
}

# Decimal digits of an uint64: bytes, IOPS, bits a second.
function Format-Size {
    param($Value)
    if ($null -eq $Value) { return $null }
    try { return ([uint64]$Value).ToString([cultureinfo]::InvariantCulture) } catch { return $null }
}

# A whole number from 0 to 2^31 - 1.
function Format-Count {
    param($Value)
    if ($null -eq $Value) { return $null }
    try { $number = [int]$Value } catch { return $null }
    if ($number -lt 0) { return $null }
    return $number
}

# True or false. Takes the On and Off of the Hyper-V module too.
function Format-Flag {
    param($Value)
    if ($null -eq $Value) { return $null }
    if ($Value -is [bool]) { return $Value }
    $text = [string]$Value
    if ($text -eq 'On' -or $text -eq 'True') { return $true }
    if ($text -eq 'Off' -or $text -eq 'False') { return $false }
    return $null
}

# The name of an enum's value when it is one of the contract's, else Unknown. $null is told by absence, or always as Unknown.
function Format-Choice {
    param($Value, [string[]]$Choices, [switch]$Always)
    if ($null -eq $Value) {
        if ($Always) { return 'Unknown' }
        return $null
    }
    $text = $Value.ToString()
    foreach ($choice in $Choices) { if ($choice -eq $text) { return $choice } }
    return 'Unknown'
}

# Lower case without braces; $null for what is no GUID, and for the empty one.
function Format-Guid {
    param($Value)
    if ($null -eq $Value) { return $null }
    $guid = [guid]::Empty
    if (-not [guid]::TryParse([string]$Value, [ref]$guid) -or $guid -eq [guid]::Empty) { return $null }
    return $guid.ToString('D')
}

# Twelve hexadecimal digits.
function Format-Mac {
    param($Value)
    if ($null -eq $Value) { return $null }
    $digits = ([string]$Value -replace '[^0-9A-Fa-f]', '').ToUpperInvariant()
    if ($digits.Length -ne 12) { return $null }
    return $digits
}

# ISO 8601 in UTC, to the 100 nanoseconds that Windows counts in. Years before 1970 are how Windows says never.
function Format-Date {
    param($Value)
    if ($Value -isnot [datetime] -or $Value.Year -lt 1970) { return $null }
    return $Value.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", [cultureinfo]::InvariantCulture)
}

# Entries of a property that holds a list, without the empty ones. Call it as @(Format-Texts $value).
function Format-Texts {
    param($Values)
    foreach ($value in @($Values)) {
        $text = Format-Text -Value $value
        if ($null -ne $text) { $text }
    }
}

# Who is logged in, and in which of the groups that count: by the SIDs of Administrators and Hyper-V Administrators.
function Get-Login {
    $identity = [System.Security.Principal.WindowsIdentity]::GetCurrent()
    $principal = New-Object -TypeName System.Security.Principal.WindowsPrincipal -ArgumentList $identity
    return @{
        name                  = Format-Text -Value $identity.Name
        isAdministrator       = $principal.IsInRole([System.Security.Principal.SecurityIdentifier]'S-1-5-32-544')
        isHyperVAdministrator = $principal.IsInRole([System.Security.Principal.SecurityIdentifier]'S-1-5-32-578')
    }
}

# -- virtual machines and jobs -------------------------------------------------------------------------------------------

# The VM of this id on this host. vm-elsewhere: the cluster knows it, and another node has it.
function Find-Vm {
    param([string]$Id)
    $guid = [guid]$Id
    try { return Get-VM -Id $guid } catch { if (-not (Test-NotFound -Record $_)) { throw } }
    $group = @(Get-Optional -Ask { Get-ClusterGroup -VMId $guid })
    if ($group.Count -gt 0) { Stop-Script -Code 'vm-elsewhere' -Message ('Another node has it: ' + $group[0].OwnerNode) }
    Stop-Script -Code 'vm-not-found' -Message 'The host has no virtual machine of this id.'
}

# The Msvm_ComputerSystem of a VM, for the calls that no cmdlet has.
function Find-ComputerSystem {
    param([string]$Id)
    $name = ([guid]$Id).ToString('D')
    $found = @(Get-CimInstance -Namespace $Virtualization -ClassName Msvm_ComputerSystem | Where-Object { $_.Name -eq $name })
    if ($found.Count -gt 0) { return $found[0] }
    # Tells whether it is gone or elsewhere.
    [void](Find-Vm -Id $Id)
    Stop-Script -Code 'vm-not-found' -Message 'The host has no virtual machine of this id.'
}

# Waits for what a method of the virtualization API began. Takes the method's result (ReturnValue, Job) and returns the
# job that completed, or $null where the method did its work at once. Msvm_ConcreteJob.JobState: 7 completed, 32768
# completed with warnings, 8 to 10 terminated, killed, exception; the others are on their way.
function Wait-VirtualizationJob {
    param($Result, [int]$TimeoutSeconds = 600)
    $value = [uint32]$Result.ReturnValue
    if ($value -eq 0) { return $null }
    if ($value -ne 4096) {
        $code = 'job-failed'
        if ($value -eq 32769) { $code = 'access-denied' }
        if ($value -eq 32775 -or $value -eq 32778) { $code = 'busy' }
        Stop-Script -Code $code -Message ('The virtualization API answered ' + $value) -JobError $value
    }
    $clock = [System.Diagnostics.Stopwatch]::StartNew()
    while ($true) {
        $job = Get-CimInstance -InputObject $Result.Job
        $state = [int]$job.JobState
        if ($state -eq 7 -or $state -eq 32768) { return $job }
        if ($state -ge 8) {
            $message = Format-Text -Value $job.ErrorDescription
            if ($null -eq $message) { $message = 'The job ended in state ' + $state }
            Stop-Script -Code 'job-failed' -Message $message -JobError $job.ErrorCode
        }
        if ($clock.Elapsed.TotalSeconds -gt $TimeoutSeconds) {
            Stop-Script -Code 'busy' -Message ('The job did not end within ' + $TimeoutSeconds + ' seconds.')
        }
        Start-Sleep -Milliseconds 250
    }
}

# The checkpoint whose settings have this InstanceID: Microsoft:GUID. Recovery checkpoints are asked for by their type too.
function Find-Snapshot {
    param($Vm, [string]$InstanceId)
    $id = Format-Guid -Value ($InstanceId -replace '^Microsoft:', '')
    $known = @(Get-VMSnapshot -VM $Vm) + @(Get-Optional -Ask { Get-VMSnapshot -VM $Vm -SnapshotType Recovery })
    foreach ($snapshot in $known) { if ((Format-Guid -Value $snapshot.Id) -eq $id) { return $snapshot } }
    Stop-Script -Code 'checkpoint-not-found' -Message 'The virtual machine has no such checkpoint.'
}

# Blocks of a checkpoint that is gone are merged behind the VM, also while it is off; its files are rewritten until then.
# Msvm_ComputerSystem.OperationalStatus: 32770 deleting a snapshot, 32772 merging disks.
function Wait-Merge {
    param($System, [int]$TimeoutSeconds = 600)
    $clock = [System.Diagnostics.Stopwatch]::StartNew()
    while ($true) {
        $status = @((Get-CimInstance -InputObject $System).OperationalStatus)
        if ($status -notcontains 32770 -and $status -notcontains 32772) { return }
        if ($clock.Elapsed.TotalSeconds -gt $TimeoutSeconds) {
            Stop-Script -Code 'busy' -Message ('Its disks were not merged within ' + $TimeoutSeconds + ' seconds.')
        }
        Start-Sleep -Milliseconds 500
    }
}

# -- images of disks -----------------------------------------------------------------------------------------------------

# Images by path: a parent that many disks share is looked at once. PowerShell compares the keys without regard to case.
$Images = @{}
$MaximumDepth = 64

# One image, and the path of its parent. An image that cannot be looked at (on another server, which this login cannot
# reach on; gone) says so and tells its format by its name.
function Get-Image {
    param([string]$Path)
    if ($Images.ContainsKey($Path)) { return $Images[$Path] }
    try {
        $vhd = Get-VHD -Path $Path
        $image = [ordered]@{
            path               = $Path
            format             = Format-Choice -Value $vhd.VhdFormat -Choices 'VHD', 'VHDX', 'VHDSet' -Always
            type               = Format-Choice -Value $vhd.VhdType -Choices 'Fixed', 'Dynamic', 'Differencing' -Always
            size               = Format-Size -Value $vhd.Size
            fileSize           = Format-Size -Value $vhd.FileSize
            blockSize          = Format-Count -Value $vhd.BlockSize
            logicalSectorSize  = Format-Count -Value $vhd.LogicalSectorSize
            physicalSectorSize = Format-Count -Value $vhd.PhysicalSectorSize
            identifier         = Format-Text -Value $vhd.DiskIdentifier
            attached           = Format-Flag -Value $vhd.Attached
            pmem               = Format-Flag -Value $vhd.IsPMEMCompatible
        }
        $parent = Format-Text -Value $vhd.ParentPath
    } catch {
        $image = [ordered]@{ path = $Path; format = Get-FormatByName -Path $Path; type = 'Unknown'; unreadable = [string]$_.Exception.Message }
        $parent = $null
    }
    # A file that is not there has the year 1601.
    try { $image['writtenAt'] = Format-Date -Value ([System.IO.File]::GetLastWriteTimeUtc($Path)) } catch { $image['writtenAt'] = $null }
    $Images[$Path] = @{ image = $image; parent = $parent }
    return $Images[$Path]
}

function Get-FormatByName {
    param([string]$Path)
    switch -Regex ($Path) {
        '\.a?vhdx$' { return 'VHDX' }
        '\.a?vhd$' { return 'VHD' }
        '\.vhds$' { return 'VHDSet' }
        default { return 'Unknown' }
    }
}

# The image that a guest writes, then its parents, nearest first. Call it as @(Get-DiskChain -Path $path).
function Get-DiskChain {
    param([string]$Path)
    $next = $Path
    for ($depth = 0; $null -ne $next; $depth++) {
        if ($depth -ge $MaximumDepth) {
            [ordered]@{ path = $next; format = 'Unknown'; type = 'Unknown'; unreadable = 'The chain has more images than are followed.' }
            return
        }
        $known = Get-Image -Path $next
        $known.image
        $next = $known.parent
    }
}

# A drive of Get-VMHardDiskDrive (of a VM or of a checkpoint) in the contract's form.
function Get-HardDisk {
    param($Drive)
    $disk = [ordered]@{
        id                 = [string]$Drive.Id
        controllerType     = Format-Choice -Value $Drive.ControllerType -Choices 'IDE', 'SCSI', 'PMEM' -Always
        controllerNumber   = [int]$Drive.ControllerNumber
        controllerLocation = [int]$Drive.ControllerLocation
        diskNumber         = Format-Count -Value $Drive.DiskNumber
        shared             = Format-Flag -Value $Drive.SupportPersistentReservations
        pool               = Format-Text -Value $Drive.PoolName
        maximumIops        = Format-Size -Value $Drive.MaximumIOPS
        minimumIops        = Format-Size -Value $Drive.MinimumIOPS
        qosPolicy          = Format-Guid -Value $Drive.QoSPolicyID
        chain              = @()
    }
    if ($null -eq $disk['diskNumber']) {
        $disk['path'] = Format-Text -Value $Drive.Path
        if ($null -ne $disk['path']) { $disk['chain'] = @(Get-DiskChain -Path $disk['path']) }
        return $disk
    }
    # A pass-through disk has words instead of a path (Disk 2 100.00 GB Bus 0 Lun 1 Target 0). The host knows the disk.
    $whole = @(Get-Optional -Ask { Get-Disk -Number $disk['diskNumber'] })
    if ($whole.Count -gt 0) {
        $disk['size'] = Format-Size -Value $whole[0].Size
        $disk['uniqueId'] = Format-Text -Value $whole[0].UniqueId
    }
    return $disk
}
