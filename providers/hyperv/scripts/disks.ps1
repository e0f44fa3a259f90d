# disks: the disks of a VM with their chains of images, as they are now or as a checkpoint froze them. Of a VM that is off they
# are told when nothing is merged any more: files that change while they are copied are worth nothing.

Invoke-Script {
    param($Told)
    $vm = Find-Vm -Id $Told.vm
    if ([string]$vm.State -eq 'Off') { Wait-Merge -System (Find-ComputerSystem -Id $Told.vm) }
    if ($null -eq $Told.checkpoint) { $drives = @(Get-VMHardDiskDrive -VM $vm) }
    else { $drives = @(Get-VMHardDiskDrive -VMSnapshot (Find-Snapshot -Vm $vm -InstanceId $Told.checkpoint)) }
    return @{ disks = @(foreach ($drive in $drives) { Get-HardDisk -Drive $drive }) }
}
