# checkpoint: recovery checkpoints, and the reference points that they become. Those of our own name are the only ones that
# are ever touched; one of another name is a backup under way. Facts: Msvm_VirtualSystemSnapshotService and
# Msvm_VirtualSystemReferencePoint of Microsoft's Hyper-V WMI provider (v2).

# Recovery checkpoints of a VM. Call it as @(Get-RecoveryCheckpoints ...).
function Get-RecoveryCheckpoints {
    param($System)
    Get-CimAssociatedInstance -InputObject $System -Association Msvm_SnapshotOfVirtualSystem -ResultClassName Msvm_VirtualSystemSettingData |
        Where-Object { $_.VirtualSystemType -eq 'Microsoft:Hyper-V:Snapshot:Recovery' }
}

function Get-ReferencePoints {
    param($System)
    Get-CimAssociatedInstance -InputObject $System -Association Msvm_ReferencePointOfVirtualSystem -ResultClassName Msvm_VirtualSystemReferencePoint
}

function Get-SnapshotService {
    return @(Get-CimInstance -Namespace $Virtualization -ClassName Msvm_VirtualSystemSnapshotService)[0]
}

# An instance as the text that methods of the virtualization API take it as.
function ConvertTo-EmbeddedInstance {
    param($Instance)
    $serializer = [Microsoft.Management.Infrastructure.Serialization.CimSerializer]::Create()
    $options = [Microsoft.Management.Infrastructure.Serialization.InstanceSerializationOptions]::None
    try { return [System.Text.Encoding]::Unicode.GetString($serializer.Serialize($Instance, $options)) } finally { $serializer.Dispose() }
}

# Settings of a new checkpoint. IgnoreNonSnapshottableDisks stays false: a pass-through disk would be left out in silence.
function Get-SnapshotSettings {
    param([string]$Name, [string]$Consistency)
    $class = Get-CimClass -Namespace $Virtualization -ClassName Msvm_VirtualSystemSnapshotSettingData
    # 1 application consistent, 2 crash consistent.
    $level = 2
    if ($Consistency -eq 'application') { $level = 1 }
    $values = @{ ConsistencyLevel = [byte]$level; IgnoreNonSnapshottableDisks = $false }
    # Since Windows 10 1703. 2 is a copy: the chains of backups that run inside the guest stay as they are.
    if ($null -ne $class.CimClassProperties['GuestBackupType']) { $values['GuestBackupType'] = [byte]2 }
    if ($null -ne $class.CimClassProperties['ElementName']) { $values['ElementName'] = $Name }
    return ConvertTo-EmbeddedInstance -Instance (New-CimInstance -CimClass $class -ClientOnly -Property $values)
}

function Remove-Checkpoint {
    param($Checkpoint)
    $result = Invoke-CimMethod -InputObject (Get-SnapshotService) -MethodName DestroySnapshot -Arguments @{ AffectedSnapshot = $Checkpoint }
    [void](Wait-VirtualizationJob -Result $result)
}

# A host may give a new checkpoint a name of its own. Without ours nobody would know whose it is: then it is taken away again.
function Set-CheckpointName {
    param($System, $Checkpoint, $Told)
    if ($Checkpoint.ElementName -ceq $Told.name) { return }
    try {
        $snapshot = Find-Snapshot -Vm (Find-Vm -Id $Told.vm) -InstanceId $Checkpoint.InstanceID
        Rename-VMSnapshot -VMSnapshot $snapshot -NewName $Told.name
        $now = @(Get-RecoveryCheckpoints -System $System | Where-Object { $_.InstanceID -eq $Checkpoint.InstanceID })
        if ($now.Count -ne 1 -or $now[0].ElementName -cne $Told.name) {
            Stop-Script -Code 'job-failed' -Message 'The new checkpoint could not be given its name.'
        }
    } catch {
        $failure = $_
        Remove-Checkpoint -Checkpoint $Checkpoint
        throw $failure
    }
}

# What a job made, of this class and not among those that were there before.
function Get-New {
    param([object[]]$Before, [object[]]$After, [string]$What)
    $known = @($Before | ForEach-Object { $_.InstanceID })
    $new = @($After | Where-Object { $known -notcontains $_.InstanceID })
    if ($new.Count -ne 1) { Stop-Script -Code 'job-failed' -Message ('The new ' + $What + ' cannot be told from others.') }
    return $new[0]
}

function New-Checkpoint {
    param($System, $Told)
    $before = @(Get-RecoveryCheckpoints -System $System)
    $ours = @($before | Where-Object { $_.ElementName -ceq $Told.name })
    # Nobody knows any more how it was made.
    if ($ours.Count -gt 0) { return @{ id = [string]$ours[0].InstanceID } }
    if ($before.Count -gt 0) { Stop-Script -Code 'busy' -Message 'The virtual machine has a recovery checkpoint of a backup.' }
    $consistency = 'crash'
    if ($Told.consistency -eq 'application') { $consistency = 'application' }
    # 3 is off: nothing is in its memory that the disks lack.
    $isOff = [int]$System.EnabledState -eq 3
    # SnapshotType 32768: a recovery checkpoint.
    $arguments = @{
        AffectedSystem   = $System
        SnapshotSettings = (Get-SnapshotSettings -Name $Told.name -Consistency $consistency)
        SnapshotType     = [uint16]32768
    }
    $result = Invoke-CimMethod -InputObject (Get-SnapshotService) -MethodName CreateSnapshot -Arguments $arguments
    [void](Wait-VirtualizationJob -Result $result)
    $new = Get-New -Before $before -After @(Get-RecoveryCheckpoints -System $System) -What 'checkpoint'
    Set-CheckpointName -System $System -Checkpoint $new -Told $Told
    if ($isOff) { $consistency = 'application' }
    return @{ id = [string]$new.InstanceID; consistency = $consistency }
}

# The part of an id that a drive, its image and their copies in checkpoints have in common: controller, number and location.
# Microsoft:VM\CONTROLLER\NUMBER\LOCATION\D is a drive, and with L at its end the image in it; a WMI path may stand around it.
function Get-DriveKey {
    param([string]$Id)
    $parts = @($Id -replace '^.*InstanceID="', '' -replace '"$', '' -split '\\+' | Where-Object { $_ -ne '' })
    if ($parts.Count -lt 4) { return $null }
    $last = $parts.Count - 1
    if ($parts[$last] -eq 'D' -or $parts[$last] -eq 'L') { $last = $last - 1 }
    return ($parts[1..$last] -join '\').ToUpperInvariant()
}

# The two lists of a reference point stand side by side. A disk that cannot be told for sure is left out, and is compared.
function Get-TrackedDisks {
    param($Vm, $ReferencePoint)
    $disks = @($ReferencePoint.VirtualDiskIdentifiers)
    $rcts = @($ReferencePoint.ResilientChangeTrackingIdentifiers)
    if ($disks.Count -ne $rcts.Count) { return }
    foreach ($drive in @(Get-VMHardDiskDrive -VM $Vm)) {
        $key = Get-DriveKey -Id $drive.Id
        if ($null -eq $key) { continue }
        $at = @(for ($index = 0; $index -lt $disks.Count; $index++) { if ((Get-DriveKey -Id $disks[$index]) -eq $key) { $index } })
        if ($at.Count -ne 1) { continue }
        $rct = Format-Text -Value $rcts[$at[0]]
        if ($null -ne $rct) { @{ drive = [string]$drive.Id; rct = $rct } }
    }
}

function Convert-Checkpoint {
    param($System, $Checkpoint)
    $before = @(Get-ReferencePoints -System $System)
    $result = Invoke-CimMethod -InputObject (Get-SnapshotService) -MethodName ConvertToReferencePoint -Arguments @{ AffectedSnapshot = $Checkpoint }
    [void](Wait-VirtualizationJob -Result $result)
    return Get-New -Before $before -After @(Get-ReferencePoints -System $System) -What 'reference point'
}

# A checkpoint that an earlier call converted left a reference point; it is found where the host carries the name over.
function Find-Settled {
    param($System, [string]$Name)
    return @(Get-ReferencePoints -System $System | Where-Object { $_.ElementName -ceq $Name })[0]
}

function Remove-ReferencePoint {
    param($ReferencePoint)
    $service = @(Get-CimInstance -Namespace $Virtualization -ClassName Msvm_VirtualSystemReferencePointService)[0]
    $arguments = @{ AffectedReferencePoint = $ReferencePoint }
    $result = Invoke-CimMethod -InputObject $service -MethodName DestroyReferencePoint -Arguments $arguments
    [void](Wait-VirtualizationJob -Result $result)
}

function Complete-Checkpoint {
    param($System, $Told, $Checkpoint)
    if ($null -ne $Checkpoint) { $point = Convert-Checkpoint -System $System -Checkpoint $Checkpoint }
    else { $point = Find-Settled -System $System -Name $Told.name }
    Wait-Merge -System $System
    if ($null -eq $point) { Stop-Script -Code 'checkpoint-not-found' -Message 'Neither the checkpoint nor what it became is there.' }
    $disks = @(Get-TrackedDisks -Vm (Find-Vm -Id $Told.vm) -ReferencePoint $point)
    return @{ referencePoint = @{ id = [string]$point.InstanceID; disks = $disks } }
}

Invoke-Script {
    param($Told)
    $system = Find-ComputerSystem -Id $Told.vm
    if ($Told.action -eq 'create') { return New-Checkpoint -System $system -Told $Told }
    $ours = @(Get-RecoveryCheckpoints -System $system | Where-Object { $_.ElementName -ceq $Told.name })
    if ($Told.action -eq 'find') {
        if ($ours.Count -eq 0) { return @{} }
        return @{ id = [string]$ours[0].InstanceID }
    }
    $checkpoint = @($ours | Where-Object { $_.InstanceID -eq $Told.id })[0]
    if ($Told.action -eq 'settle') { return Complete-Checkpoint -System $system -Told $Told -Checkpoint $checkpoint }
    if ($Told.action -ne 'remove') { Stop-Script -Code 'failed' -Message 'The script knows no such action.' }
    if ($null -ne $checkpoint) { Remove-Checkpoint -Checkpoint $checkpoint }
    # What an earlier call made of it, whose answer was lost: nobody knows of it, and nobody else would take it away.
    $settled = Find-Settled -System $system -Name $Told.name
    if ($null -ne $settled) { Remove-ReferencePoint -ReferencePoint $settled }
    # Also of one that an earlier call removed.
    Wait-Merge -System $System
    if ($null -eq $checkpoint) { Stop-Script -Code 'checkpoint-not-found' -Message 'The checkpoint is gone.' }
    return @{}
}
