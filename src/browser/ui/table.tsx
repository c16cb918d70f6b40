import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { PlainText } from "./plain-text.tsx";

export interface Column<T> {
  readonly title: string;
  /** A string may come from anybody. */
  readonly cell: (row: T) => ComponentChildren;
  /** `long`: may be broken anywhere, as an address. `short`: is never broken, as a time. */
  readonly width?: "long" | "short";
  /** What rows are put in order by, when somebody asks for it. */
  readonly sort?: (row: T) => string | number;
}

export interface TableProps<T> {
  readonly caption: string;
  readonly rows: readonly T[];
  readonly columns: readonly Column<T>[];
  readonly keyOf: (row: T) => string;
  readonly actions?: (row: T) => ComponentChildren;
  readonly empty: string;
}

interface Order {
  /** Of the column. */
  readonly title: string;
  readonly isDown: boolean;
}

/** A table; on a narrow screen each row is a card. */
export function Table<T>({ caption, rows, columns, keyOf, actions, empty }: TableProps<T>) {
  const [order, setOrder] = useState<Order>();
  if (rows.length === 0) return <p class="empty">{empty}</p>;
  return (
    <table>
      <caption>{caption}</caption>
      <thead>
        <tr>
          {columns.map(({ title, sort }) => (
            <Head key={title} title={title} {...(sort && { order, onOrder: setOrder })} />
          ))}
          {actions && (
            <th scope="col">
              <span class="hidden">Actions</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {ordered(rows, columns, order).map((row) => (
          <tr key={keyOf(row)}>
            {columns.map(({ title, cell, width = "" }) => (
              <td key={title} data-label={title} class={width}>
                <span>{plain(cell(row))}</span>
              </td>
            ))}
            {actions && (
              <td class="actions">
                <span>{actions(row)}</span>
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface HeadProps {
  readonly title: string;
  readonly order?: Order | undefined;
  /** Absent where there is no order by this column. */
  readonly onOrder?: (order: Order | undefined) => void;
}

/** Up, down, and as the server has it. */
function Head({ title, order, onOrder }: HeadProps) {
  if (!onOrder) return <th scope="col">{title}</th>;
  const own = order?.title === title ? order : undefined;
  return (
    <th scope="col" aria-sort={own ? (own.isDown ? "descending" : "ascending") : "none"}>
      <button
        type="button"
        onClick={() => onOrder(own?.isDown ? undefined : { title, isDown: own !== undefined })}
      >
        {title} <span aria-hidden="true">{own ? (own.isDown ? "▼" : "▲") : "↕"}</span>
      </button>
    </th>
  );
}

/** "room2" is before "room10". */
const inWords = new Intl.Collator(undefined, { numeric: true }).compare;

function ordered<T>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  order: Order | undefined,
): readonly T[] {
  const sort = columns.find(({ title }) => title === order?.title)?.sort;
  if (!sort) return rows;
  const up = rows.toSorted((a, b) => {
    const [one, other] = [sort(a), sort(b)];
    return typeof one === "number" && typeof other === "number"
      ? one - other
      : inWords(String(one), String(other));
  });
  return order?.isDown ? up.toReversed() : up;
}

/** Some facts with their names. */
export function Facts({
  facts,
}: {
  readonly facts: readonly (readonly [name: string, value: ComponentChildren])[];
}) {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{plain(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

function plain(value: ComponentChildren): ComponentChildren {
  return typeof value === "string" ? <PlainText text={value} /> : value;
}
