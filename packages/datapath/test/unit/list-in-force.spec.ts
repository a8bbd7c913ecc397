import { expect } from 'chai';
import { listInForce } from '../../src/endpoint/kernel-endpoint.ts';

describe('listInForce', () => {
  const insiders = ['10.1.0.0/16', 'fd00:1::/64'];

  it('is the list of the direction, and none where it is not known whose the endpoint is', () => {
    const lists = { ingress: '10.0.0.0/8', egress: 'none' };

    expect(listInForce(lists, 'ingress')).to.equal('10.0.0.0/8');
    expect(listInForce(lists, 'egress')).to.equal('none');
    expect(listInForce({}, 'ingress')).to.equal(undefined);
    expect(listInForce({ ...lists, isOwnerPending: true }, 'ingress')).to.equal('none');
    expect(listInForce({ ...lists, isOwnerPending: true }, 'egress')).to.equal('none');
    expect(listInForce({ ingress: '10.0.0.0/8', isEgressPending: true }, 'egress')).to.equal('none');
    expect(listInForce({ ingress: '10.0.0.0/8', isEgressPending: true }, 'ingress')).to.equal('10.0.0.0/8');
  });

  it('has the prefixes of an isolated network, and whom its list names', () => {
    expect(listInForce({ insiders }, 'ingress')).to.equal('10.1.0.0/16,fd00:1::/64');
    expect(listInForce({ insiders, ingress: '10.9.0.7:80/tcp' }, 'ingress')).to.equal(
      '10.1.0.0/16,fd00:1::/64,10.9.0.7:80/tcp',
    );
    expect(listInForce({ insiders, ingress: 'none' }, 'ingress')).to.equal('10.1.0.0/16,fd00:1::/64');
    expect(listInForce({ insiders, ingress: 'any' }, 'ingress')).to.equal('any');
    expect(listInForce({ insiders }, 'egress')).to.equal(undefined);
    expect(listInForce({ insiders, isOwnerPending: true }, 'ingress')).to.equal('none');
  });
});
