/** Chromium's network stack, made to lead nowhere: no name resolves, no proxy answers, no service of Chromium's calls. */
import { app, type WebContents } from 'electron';

/** Switches of Chromium, each with its value. */
const SWITCHES: readonly (readonly [name: string, value?: string])[] = [
  ['host-resolver-rules', 'MAP * ~NOTFOUND'],
  // The discard port on loopback: what gets past the rule on requests gets no further.
  ['proxy-server', 'http://127.0.0.1:9'],
  ['proxy-bypass-list', '<-loopback>'],
  ['disable-background-networking'],
  ['disable-component-update'],
  ['disable-domain-reliability'],
  ['disable-breakpad'],
  ['no-pings'],
];

/** Gives Chromium the switches. Before `ready`: afterwards nobody reads them. @throws Error when one did not take */
export function blockNetwork(): void {
  // SECURITY(K-44): an air-gapped workstation may have a cable after all; nothing of ours looks a name up or calls out.
  for (const [name, value] of SWITCHES) {
    if (value === undefined) app.commandLine.appendSwitch(name);
    else app.commandLine.appendSwitch(name, value);
    if (app.commandLine.getSwitchValue(name) !== (value ?? '')) throw new Error(`--${name} was not taken`);
  }
}

/** Takes the host resolver's own client and DNS over HTTPS away. After `ready`: it lives in the network service. */
export function blockHostResolver(): void {
  app.configureHostResolver({
    enableBuiltInResolver: false,
    secureDnsMode: 'off',
    enableAdditionalDnsQueryTypes: false,
  });
}

/** WebRTC opens no UDP socket of its own. */
export function blockWebRtc(contents: WebContents): void {
  contents.setWebRTCIPHandlingPolicy('disable_non_proxied_udp');
}
