<#
.SYNOPSIS
Installs the adapter as a Windows service, or removes the service.

.DESCRIPTION
Copies WinSW and the service's file to FOLDER\service, lets the service run as its own virtual
account (NT SERVICE\NAME, no password), gives this account the home and nothing else to write,
takes the rights of other users to FOLDER away but for reading programs, starts it, and waits until
it answers. Running it again brings the service up to date.
Not run: written for Windows PowerShell 5.1 and later, parsed on Linux.

.PARAMETER WinSW
The downloaded WinSW-x64.exe of version 2.

.PARAMETER Name
sasbiws takes tasks in and delivers them. sasbiws-work delivers what IIS takes in.

.EXAMPLE
.\install-service.ps1 -WinSW C:\Downloads\WinSW-x64.exe

.EXAMPLE
.\install-service.ps1 -Name sasbiws-work -WinSW C:\Downloads\WinSW-x64.exe

.EXAMPLE
.\install-service.ps1 -Remove
#>
[CmdletBinding()]
param(
    [string] $WinSW,
    [ValidateSet('sasbiws', 'sasbiws-work')]
    [string] $Name = 'sasbiws',
    [string] $Folder = 'C:\sasbiws',
    [string] $Ready = 'http://127.0.0.10:8100/readyz',
    [switch] $Remove
)

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'

$service = Join-Path $Folder 'service'
$program = Join-Path $service "$Name.exe"
$file = Join-Path $service "$Name.xml"
$adapter = Join-Path $Folder '.venv\Scripts\sasbiws.exe'
$conf = Join-Path $Folder 'home\conf'
$account = "NT SERVICE\$Name"
$administrators = '*S-1-5-32-544'
$system = '*S-1-5-18'
$users = '*S-1-5-32-545'

function Invoke-Checked([string] $Command, [string[]] $Arguments) {
    & $Command @Arguments
    if ($LASTEXITCODE -ne 0) {
        throw "$Command $Arguments ended with $LASTEXITCODE"
    }
}

function Test-Administrator {
    $me = New-Object Security.Principal.WindowsPrincipal ([Security.Principal.WindowsIdentity]::GetCurrent())
    $me.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
}

function Stop-Adapter {
    if (Get-Service -Name $Name -ErrorAction SilentlyContinue) {
        Stop-Service -Name $Name
    }
}

function Copy-Files {
    New-Item -ItemType Directory -Force -Path $service, (Join-Path $service 'logs') | Out-Null
    Copy-Item -Path $WinSW -Destination $program -Force
    $text = [IO.File]::ReadAllText((Join-Path $PSScriptRoot "$Name.xml"))
    [IO.File]::WriteAllText($file, $text.Replace('C:\sasbiws', $Folder))
}

function Grant-Rights {
    $homeFolder = Join-Path $Folder 'home'
    # A folder of drive C lets every user write unless that is ended; the programs are in this one.
    Invoke-Checked icacls @($Folder, '/inheritance:r', '/grant:r', "${administrators}:(OI)(CI)F",
        "${system}:(OI)(CI)F", "${users}:(OI)(CI)RX", "${account}:(OI)(CI)RX")
    # Passwords, payloads and logs: administrators, the system and the adapter alone.
    Invoke-Checked icacls @($homeFolder, '/inheritance:r', '/grant:r', "${administrators}:(OI)(CI)F",
        "${system}:(OI)(CI)F", "${account}:(OI)(CI)M")
    Invoke-Checked icacls @((Join-Path $service 'logs'), '/grant', "${account}:(OI)(CI)M")
}

function Wait-Ready {
    foreach ($try in 1..30) {
        try {
            Invoke-RestMethod -Uri $Ready -TimeoutSec 2
            return
        } catch {
            Start-Sleep -Seconds 1
        }
    }
    throw "$Name does not answer at $Ready; why is told in $service\logs\$Name.err.log"
}

if (-not (Test-Administrator)) {
    throw 'Run this in a PowerShell that was started as administrator.'
}

if ($Remove) {
    Stop-Adapter
    Invoke-Checked $program @('uninstall')
    return
}

if (-not $WinSW -or -not (Test-Path -Path $WinSW -PathType Leaf)) {
    throw 'Name the downloaded WinSW-x64.exe with -WinSW.'
}
if (-not (Test-Path -Path $conf -PathType Container)) {
    throw "$conf is missing; make the home first: $adapter init $Folder\home"
}
Invoke-Checked $adapter @('--version')

$known = Get-Service -Name $Name -ErrorAction SilentlyContinue
Stop-Adapter
Copy-Files
if (-not $known) {
    Invoke-Checked $program @('install')
}
Invoke-Checked sc.exe @('config', $Name, 'obj=', $account)
# Recovery also where the adapter ends with an error code, not only where it crashes.
Invoke-Checked sc.exe @('failureflag', $Name, '1')
Grant-Rights
Start-Service -Name $Name
if ($Name -eq 'sasbiws') {
    Wait-Ready
}
Get-Service -Name $Name
