# power: tells how a VM is, asks its guest to shut down, cuts its power, starts it. Each does nothing where it is so already.

# Asks the guest by its integration service and does not wait. Stop-VM would wait, and cut the power after five minutes.
function Request-Shutdown {
    param([string]$Id)
    $name = ([guid]$Id).ToString('D')
    $found = @(Get-CimInstance -Namespace $Virtualization -ClassName Msvm_ShutdownComponent | Where-Object { $_.SystemName -eq $name })
    if ($found.Count -eq 0) { Stop-Script -Code 'guest-not-reachable' -Message 'The guest has no shutdown service.' }
    # Force: programs with unsaved work and locked screens do not hold it up. The guest still shuts down in order.
    $arguments = @{ Force = $true; Reason = 'Migration' }
    try { $result = Invoke-CimMethod -InputObject $found[0] -MethodName InitiateShutdown -Arguments $arguments } catch {
        if ((Get-FailureCode -Record $_) -eq 'access-denied') { throw }
        Stop-Script -Code 'guest-not-reachable' -Message ([string]$_.Exception.Message)
    }
    $value = [uint32]$result.ReturnValue
    if ($value -eq 0 -or $value -eq 4096) { return }
    if ($value -eq 32769) { Stop-Script -Code 'access-denied' -Message 'The shutdown service of the guest is refused.' }
    Stop-Script -Code 'guest-not-reachable' -Message ('The shutdown service of the guest answered ' + $value) -JobError $value
}

Invoke-Script {
    param($Told)
    $vm = Find-Vm -Id $Told.vm
    $state = [string]$vm.State
    switch ([string]$Told.action) {
        'state' { }
        'shutdown' { if ($state -ne 'Off') { Request-Shutdown -Id $Told.vm } }
        'turn-off' {
            # A saved VM has no power to cut: its memory is what is given up.
            if ($state -eq 'Saved' -or $state -eq 'FastSaved') { Remove-VMSavedState -VM $vm }
            elseif ($state -ne 'Off') { Stop-VM -VM $vm -TurnOff -Force -Confirm:$false }
        }
        'start' {
            if ($state -eq 'Paused') { Resume-VM -VM $vm }
            elseif ($state -ne 'Running' -and $state -ne 'Starting') { Start-VM -VM $vm }
        }
        default { Stop-Script -Code 'failed' -Message 'The script knows no such action.' }
    }
    return @{ state = [string](Find-Vm -Id $Told.vm).State }
}
