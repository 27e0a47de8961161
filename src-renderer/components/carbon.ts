/** The components of Carbon that are used here. Only these have styles: styles/carbon.scss lists them in the same way. */
export {
  Button,
  Checkbox,
  InlineLoading,
  RadioButton,
  RadioButtonGroup,
  Select,
  SelectItem,
  TextArea,
  TextInput,
} from '@carbon/react';
