# changes: ranges of a virtual disk that changed since an RCT id (Msvm_ImageManagementService.GetVirtualDiskChanges). Bounded
# by ranges and by time: the answer says how far it got, and the rest is asked for again.

$WindowBytes = [uint64]17179869184
$MaximumRanges = 50000
$MaximumSeconds = 60
$MaximumTries = 5
$Passing = 32772, 32774, 32775, 32777, 32778

# The method as it answers. An id that the host does not know any more may come as a value or as an error.
function Invoke-Question {
    param($Service, $Arguments)
    try { return Invoke-CimMethod -InputObject $Service -MethodName GetVirtualDiskChanges -Arguments $Arguments } catch {
        if ((Get-FailureCode -Record $_) -ne 'failed') { throw }
        Stop-Script -Code 'tracking-unknown' -Message ([string]$_.Exception.Message)
    }
}

# One question: what changed within a window. What is not told is compared as a whole: a job (4096) brings no ranges, since
# they are outputs of the call itself; 32770 is not supported; a disk that stays in use is not waited for, its VM may be off.
function Get-Window {
    param($Service, $Told, [uint64]$Offset, [uint64]$Length)
    $arguments = @{
        Path             = [string]$Told.path
        LimitId          = [string]$Told.since
        TargetSnapshotId = ''
        ByteOffset       = $Offset
        ByteLength       = $Length
    }
    for ($try = 1; $true; $try++) {
        $result = Invoke-Question -Service $Service -Arguments $arguments
        $value = [uint32]$result.ReturnValue
        if ($value -eq 0) { return $result }
        # Timeout, in use, invalid state, not available, out of memory: may pass.
        if ($Passing -notcontains $value -or $try -ge $MaximumTries) { break }
        Start-Sleep -Seconds 2
    }
    $code = 'tracking-unknown'
    if ($value -eq 4096 -or $value -eq 32770 -or $Passing -contains $value) { $code = 'tracking-unavailable' }
    if ($value -eq 32769) { $code = 'access-denied' }
    Stop-Script -Code $code -Message ('GetVirtualDiskChanges answered ' + $value) -JobError $value
}

Invoke-Script {
    param($Told)
    # Tells whether the VM is here: its images are known on the host that has it.
    [void](Find-Vm -Id $Told.vm)
    $service = @(Get-CimInstance -Namespace $Virtualization -ClassName Msvm_ImageManagementService)[0]
    $offset = [uint64]$Told.offset
    $left = [uint64]$Told.length
    $processed = [uint64]0
    $ranges = New-Object -TypeName System.Collections.ArrayList
    $clock = [System.Diagnostics.Stopwatch]::StartNew()
    while ($left -gt 0) {
        $length = [uint64][Math]::Min($left, $WindowBytes)
        # The documentation wants less than the whole disk: what may be one is asked for in two halves.
        if ($offset -eq 0 -and $length -eq $left -and $length -gt 2097152) { $length = [uint64]([Math]::Floor($length / 2097152) * 1048576) }
        $window = Get-Window -Service $service -Told $Told -Offset $offset -Length $length
        $done = [uint64]$window.ProcessedByteLength
        if ($done -eq 0 -or $done -gt $length) { Stop-Script -Code 'tracking-unavailable' -Message 'GetVirtualDiskChanges does not go on.' }
        $offsets = @($window.ChangedByteOffsets)
        $lengths = @($window.ChangedByteLengths)
        if ($offsets.Count -ne $lengths.Count) { Stop-Script -Code 'tracking-unavailable' -Message 'GetVirtualDiskChanges lists ranges without lengths.' }
        for ($index = 0; $index -lt $offsets.Count; $index++) {
            if ($null -eq $offsets[$index]) { continue }
            [void]$ranges.Add(@((Format-Size -Value $offsets[$index]), (Format-Size -Value $lengths[$index])))
        }
        $offset += $done
        $left -= $done
        $processed += $done
        if ($ranges.Count -ge $MaximumRanges -or $clock.Elapsed.TotalSeconds -ge $MaximumSeconds) { break }
    }
    return @{ processed = (Format-Size -Value $processed); ranges = $ranges }
}
