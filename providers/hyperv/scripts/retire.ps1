# retire: makes a VM so that nobody takes it for the one that was migrated. What is so already stays as it is.

Invoke-Script {
    param($Told)
    $vm = Find-Vm -Id $Told.vm
    # First what protects the network, last what makes the VM harder to find.
    $disconnected = @()
    if ($Told.disconnect) {
        $disconnected = @(foreach ($adapter in @(Get-VMNetworkAdapter -VM $vm)) {
                if ($null -eq (Format-Text -Value $adapter.SwitchName)) { continue }
                Disconnect-VMNetworkAdapter -VMNetworkAdapter $adapter
                [string]$adapter.Name
            })
    }
    if ($Told.noAutomaticStart -and [string]$vm.AutomaticStartAction -ne 'Nothing') { Set-VM -VM $vm -AutomaticStartAction Nothing }
    if ($null -ne $Told.name -and $vm.Name -cne $Told.name) { Rename-VM -VM $vm -NewName $Told.name }
    return @{ name = [string](Find-Vm -Id $Told.vm).Name; disconnected = $disconnected }
}
