@echo off
setlocal
set ELECTRON_RUN_AS_NODE=1
"%~dp0..\..\tinyplace.exe" "%~dp0..\app.asar\main\cli.js" %*
