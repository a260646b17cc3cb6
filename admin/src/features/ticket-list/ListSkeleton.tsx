import { useListStyle } from "./useListStyle";
import "./list-skeleton.css";

const WIDTHS = [96, 320, 92, 116, 84, 100];

/** The shape of rows that are on their way, so that nothing jumps when they come. */
export function ListSkeleton({ rows = 14 }: { rows?: number }) {
  const style = useListStyle();
  return (
    <div className="tickets-skeleton" style={style} role="status" aria-label="Loading tickets">
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows without content have no other name.
        <div key={row} className="tickets-skeleton-row">
          {WIDTHS.map((width, bar) => (
            <span
              key={width}
              className="tickets-skeleton-bar"
              style={{ width: width - ((row * 7 + bar * 3) % 5) * 8 }}
            />
          ))}
        </div>
      ))}
    </div>
  );
}
