# disks: the disks of a VM with their chains of images, as they are now or as a checkpoint froze them.

# The checkpoint whose settings have this InstanceID: Microsoft:GUID. Recovery checkpoints are asked for by their type too.
function Find-Snapshot {
    param($Vm, [string]$InstanceId)
    $id = Format-Guid -Value ($InstanceId -replace '^Microsoft:', '')
    $known = @(Get-VMSnapshot -VM $Vm) + @(Get-Optional -Ask { Get-VMSnapshot -VM $Vm -SnapshotType Recovery })
    foreach ($snapshot in $known) { if ((Format-Guid -Value $snapshot.Id) -eq $id) { return $snapshot } }
    Stop-Script -Code 'checkpoint-not-found' -Message 'The virtual machine has no such checkpoint.'
}

Invoke-Script {
    param($Told)
    $vm = Find-Vm -Id $Told.vm
    if ($null -eq $Told.checkpoint) { $drives = @(Get-VMHardDiskDrive -VM $vm) }
    else { $drives = @(Get-VMHardDiskDrive -VMSnapshot (Find-Snapshot -Vm $vm -InstanceId $Told.checkpoint)) }
    return @{ disks = @(foreach ($drive in $drives) { Get-HardDisk -Drive $drive }) }
}
