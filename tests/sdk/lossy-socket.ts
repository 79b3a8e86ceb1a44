import type { OutputPacket } from '../../src/protocol/packets.ts';

/** True for a packet that shall not arrive. */
export type Loss = (packet: OutputPacket) => boolean;

/** A WebSocket that loses what it is told to lose, on its way to the client. */
export function lossySocket(loses: Loss): typeof WebSocket {
  return class LossySocket extends WebSocket {
    override addEventListener(
      type: string,
      listener: EventListenerOrEventListenerObject,
      options?: AddEventListenerOptions | boolean,
    ): void {
      const call = typeof listener === 'function' ? listener : listener.handleEvent.bind(listener);
      const filtered = (event: Event) => {
        if (event instanceof MessageEvent && loses(JSON.parse(event.data))) return;
        call(event);
      };
      super.addEventListener(type, filtered, options);
    }
  };
}
