import {
  FileExcelOutlined,
  FileImageOutlined,
  FileOutlined,
  FilePdfOutlined,
  FileTextOutlined,
  FileWordOutlined,
} from "@ant-design/icons";
import { kindOf } from "./fileTypes";

const ICONS = {
  image: FileImageOutlined,
  pdf: FilePdfOutlined,
  text: FileTextOutlined,
  document: FileWordOutlined,
  sheet: FileExcelOutlined,
  other: FileOutlined,
} as const;

/** What kind of file it is. */
export function FileIcon({ mediaType }: { mediaType: string | undefined }) {
  const Icon = ICONS[kindOf(mediaType)];
  return <Icon aria-hidden className="file-icon" />;
}
