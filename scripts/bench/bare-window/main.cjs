// The least that Electron can show: what every app on this binary pays.
const { app, BrowserWindow } = require('electron');
app.enableSandbox();
void app.whenReady().then(() => {
  const window = new BrowserWindow({ width: 1280, height: 800 });
  void window.loadFile('index.html');
});
