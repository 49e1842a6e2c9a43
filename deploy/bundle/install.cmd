@echo off
rem Installs into the folder gancheng, without a network: install.cmd [FOLDER]
setlocal
set target=%~f1
if "%~1"=="" set target=%CD%\gancheng
cd /d "%~dp0"
py -m venv "%target%" || exit /b 1
"%target%\Scripts\python" -m pip install --quiet --disable-pip-version-check --no-index --find-links wheels --no-deps --require-hashes --requirement requirements.txt || exit /b 1
for %%w in (gancheng-*.whl) do "%target%\Scripts\python" -m pip install --quiet --disable-pip-version-check --no-index --no-deps "%%w" || exit /b 1
echo %target%\Scripts\gancheng demo
