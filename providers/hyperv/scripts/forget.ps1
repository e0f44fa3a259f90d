# forget: destroys reference points of a VM by their ids. What is not there any more is left out of the answer.

Invoke-Script {
    param($Told)
    $system = Find-ComputerSystem -Id $Told.vm
    $wanted = @($Told.referencePoints)
    $links = @{ Association = 'Msvm_ReferencePointOfVirtualSystem'; ResultClassName = 'Msvm_VirtualSystemReferencePoint' }
    $found = @(Get-CimAssociatedInstance -InputObject $system @links | Where-Object { $wanted -contains $_.InstanceID })
    $service = @(Get-CimInstance -Namespace $Virtualization -ClassName Msvm_VirtualSystemReferencePointService)[0]
    $destroyed = @(foreach ($point in $found) {
            $arguments = @{ AffectedReferencePoint = $point }
            $result = Invoke-CimMethod -InputObject $service -MethodName DestroyReferencePoint -Arguments $arguments
            [void](Wait-VirtualizationJob -Result $result)
            [string]$point.InstanceID
        })
    return @{ destroyed = $destroyed }
}
