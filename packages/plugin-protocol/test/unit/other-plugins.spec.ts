import { expect } from 'chai';
import { type Handlers, openPluginClient, parseRequest, type ReplyOf } from '../../src/index.ts';
import { startPluginServer } from '../support/plugin-server.ts';

/** A volume plugin as its types have it. */
const volumes: Handlers = {
  'VolumeDriver.Get': ({ Name }) => ({ Volume: { Name, Mountpoint: `/srv/${Name}`, Status: { isFull: false } } }),
  'VolumeDriver.Mount': ({ Name, ID }) => ({ Mountpoint: `/srv/${Name}/${ID}` }),
};

describe('volume plugins', () => {
  it('get requests as Docker sends them, with what it leaves out', () => {
    expect(parseRequest('VolumeDriver.Create', '{"Name":"data"}\n')).to.deep.equal({ Name: 'data', Opts: {} });
    expect(parseRequest('VolumeDriver.Create', '{"Name":"data","Opts":{"size":"1G"}}')).to.deep.include({
      Opts: { size: '1G' },
    });
    expect(parseRequest('VolumeDriver.List', '{}\n')).to.deep.equal({});
    const mount = parseRequest('VolumeDriver.Mount', '{"Name":"data","ID":"b87d7442095999a9"}');
    expect(volumes['VolumeDriver.Mount']?.(mount)).to.deep.equal({ Mountpoint: '/srv/data/b87d7442095999a9' });
  });

  it('answer, and their errors read as Docker shows them', async () => {
    for (const [body, expected] of [
      ['{"Volume":{"Name":"data","Mountpoint":"/srv/data","Status":{"a":1}},"Err":""}', { a: 1 }],
      ['{"Err":"no such volume"}', 'no such volume'],
      ['{"Volume":{}}', 'VolumeDriver.Get: reply field "Volume.Name" must be a string, got nothing'],
    ] as const) {
      const server = await startPluginServer({ status: 200, body });
      const client = openPluginClient({ socketPath: server.socketPath });
      try {
        const found: unknown = await client.call('VolumeDriver.Get', { Name: 'data' }).then(
          ({ Volume }: ReplyOf<'VolumeDriver.Get'>) => Volume.Status,
          (error: unknown) => (error as Error).message,
        );
        expect(found).to.deep.equal(expected);
      } finally {
        client.close();
        await server.close();
      }
    }
  });
});

describe('authorization plugins', () => {
  const body = JSON.stringify({
    User: 'CN=admin',
    UserAuthNMethod: 'TLS',
    RequestMethod: 'POST',
    RequestUri: '/v1.47/containers/create?name=web',
    RequestBody: Buffer.from('{"Image":"busybox"}').toString('base64'),
    RequestHeaders: { 'Content-Type': 'application/json' },
    RequestPeerCertificates: ['LS0tLS1CRUdJTg=='],
  });

  it('get the bytes of bodies, and defaults for what Docker leaves out', () => {
    const request = parseRequest('AuthZPlugin.AuthZReq', body);
    expect(request.RequestBody.toString()).to.equal('{"Image":"busybox"}');
    expect(request.RequestPeerCertificates).to.deep.equal(['LS0tLS1CRUdJTg==']);

    const response = parseRequest('AuthZPlugin.AuthZRes', '{"RequestMethod":"GET","ResponseStatusCode":200}');
    expect(response).to.deep.include({ User: '', ResponseStatusCode: 200, ResponseHeaders: {} });
    expect(response.ResponseBody).to.have.lengthOf(0);
  });

  it('allow a call, or say why not', () => {
    const authorize: Handlers['AuthZPlugin.AuthZReq'] = ({ RequestMethod }) =>
      RequestMethod === 'GET' ? { Allow: true } : { Allow: false, Msg: 'read only' };

    expect(authorize(parseRequest('AuthZPlugin.AuthZReq', body))).to.deep.equal({ Allow: false, Msg: 'read only' });
  });
});
