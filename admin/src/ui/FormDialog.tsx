import { App, Button, Drawer, type DrawerProps, Modal, type ModalProps } from "antd";
import {
  createContext,
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
  useContext,
  useEffect,
  useRef,
} from "react";
import "./ui.css";

type FormDialog = { isChanged: RefObject<() => boolean>; leave(): void };

const Surrounding = createContext<FormDialog | null>(null);

/**
 * A dialog with a form. Once its `Unsaved` says that something was changed, a click beside it does nothing, its cross,
 * Escape and its `CancelButton` ask before they close it, and the browser asks before the page is left. `onClose` itself
 * asks nothing: call it for what is saved. Ctrl + Enter in a field presses the button that the form is for.
 */
export function FormModal({ onClose, ...props }: Omit<ModalProps, "onCancel"> & { onClose(): void }) {
  const { dialog, onTryToClose } = useFormDialog(props.open ?? false, onClose);
  return (
    <Surrounding value={dialog}>
      <Modal {...props} onCancel={onTryToClose} wrapProps={{ onKeyDown }} />
    </Surrounding>
  );
}

/** The same at the side of the page. */
export function FormDrawer({ onClose, ...props }: Omit<DrawerProps, "onClose"> & { onClose(): void }) {
  const { dialog, onTryToClose } = useFormDialog(props.open ?? false, onClose);
  return (
    <Surrounding value={dialog}>
      <Drawer {...props} onClose={onTryToClose} onKeyDown={onKeyDown} />
    </Surrounding>
  );
}

/** Stands in the dialog as long as what is typed there can be lost. It is asked when somebody is about to leave. */
export function Unsaved({ isChanged }: { isChanged: () => boolean }) {
  const dialog = useContext(Surrounding);
  useEffect(() => {
    if (dialog === null) {
      return;
    }
    dialog.isChanged.current = isChanged;
    return () => {
      dialog.isChanged.current = unchanged;
    };
  }, [dialog, isChanged]);
  return null;
}

/** Leaves the dialog, after the question if there is something to lose. It works while the form is being sent, too. */
export function CancelButton() {
  const dialog = useContext(Surrounding);
  return (
    <Button onClick={dialog?.leave} disabled={false}>
      Cancel
    </Button>
  );
}

/** The foot of a form in a drawer or a dialog, in sight however long the form is: cancelling, then what the form is for. */
export function FormFoot({ children }: { children: ReactNode }) {
  return (
    <div className="form-foot">
      <CancelButton />
      {children}
    </div>
  );
}

function unchanged(): boolean {
  return false;
}

function useFormDialog(open: boolean, onClose: () => void) {
  const { modal } = App.useApp();
  const isChanged = useRef(unchanged);
  const question = useRef<{ destroy(): void } | null>(null);
  useEffect(() => {
    if (!open) {
      return;
    }
    const ask = (event: BeforeUnloadEvent) => isChanged.current() && event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => {
      window.removeEventListener("beforeunload", ask);
      question.current?.destroy();
    };
  }, [open]);
  const leave = () => {
    if (!isChanged.current()) {
      onClose();
      return;
    }
    let isDiscarded = false;
    question.current = modal.confirm({
      title: "Discard what you entered?",
      okText: "Discard",
      okButtonProps: { danger: true },
      cancelText: "Keep editing",
      focusable: { autoFocusButton: "cancel" },
      // At once, so that the focus is back in the form before the form goes and gives it on.
      transitionName: "",
      maskTransitionName: "",
      onOk: () => {
        isDiscarded = true;
      },
      afterClose: () => isDiscarded && onClose(),
    });
  };
  const onTryToClose = (event: { type: string; target: EventTarget | null }) => {
    if (!(isBeside(event) && isChanged.current())) {
      leave();
    }
  };
  return { dialog: { isChanged, leave }, onTryToClose };
}

const SENDS = "[type=submit], .form-foot .ant-btn-primary, .ant-modal-footer .ant-btn-primary";

/** Ctrl + Enter, or Cmd, in a form presses the button that the form is for: it stands in the form or in the dialog's foot. */
export function sendByKey(event: KeyboardEvent): void {
  const { currentTarget, target } = event;
  const isMeant = event.key === "Enter" && (event.ctrlKey || event.metaKey);
  if (isMeant && target instanceof Element && currentTarget.contains(target) && target.closest(".ant-form")) {
    // Nor is another button pressed that has the focus.
    event.preventDefault();
    if (!event.repeat) {
      currentTarget.querySelector<HTMLElement>(SENDS)?.click();
    }
  }
}

function onKeyDown(event: KeyboardEvent): void {
  sendByKey(event);
  stopKey(event);
}

/** The page's shortcuts, such as that to the next ticket, are not meant while one of the form's buttons has the focus. */
function stopKey(event: KeyboardEvent): void {
  if (event.key !== "Escape" && event.key !== "Tab") {
    event.stopPropagation();
  }
}

/** Of what closes a dialog, a click that is on no button is one on the page behind it. */
function isBeside({ type, target }: { type: string; target: EventTarget | null }): boolean {
  return type === "click" && target instanceof Element && target.closest("button") === null;
}
