# Fixed command of every call: two lines on standard input, base64 of script and of its JSON input. Kept small, since SSH
# may pass it through cmd.exe (8191 characters). $input is what powershell.exe read of standard input; else the console's.
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$lines = @($input)
if ($lines.Count -lt 2) { $lines = @([Console]::In.ReadToEnd() -split "`n") }
$parts = @(foreach ($line in $lines) { $clean = [string]$line -replace '[^A-Za-z0-9+/=]', ''; if ($clean) { $clean } })
if ($parts.Count -ne 2) {
    [Console]::Out.Write('{"failed":{"code":"failed","message":"Standard input did not hold a script and its input."}}')
    exit 1
}
$texts = @(foreach ($part in $parts) { [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($part)) })
& ([ScriptBlock]::Create($texts[0])) $texts[1]
