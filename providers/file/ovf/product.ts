/** ProductSection: what the appliance is, and the properties that its guest may expect at boot. */

import { defined } from '../../../src/model/defined.ts';
import type { PackageProperty } from '../../../src/model/packaging.ts';
import type { ExtraFact } from '../../../src/model/vm.ts';
import { extraFact, isSecretKey } from './extras.ts';
import { parseFlag } from './values.ts';
import { attribute, childrenOf, textOf, type XmlElement } from './xml.ts';

/** Texts of a ProductSection that are worth a line in the report. */
const PRODUCT_TEXTS = ['Product', 'Vendor', 'Version', 'FullVersion', 'ProductUrl', 'VendorUrl', 'AppUrl'];

/** Facts about the product itself. */
export function productFacts(section: XmlElement): readonly ExtraFact[] {
  return PRODUCT_TEXTS.flatMap((name) => {
    const text = textOf(section, name);
    return text === undefined ? [] : [extraFact(`ovf:ProductSection/${name}`, text)];
  });
}

/** Properties with the values that the deployment configuration gives them. Values of password properties are never kept. */
export function productProperties(section: XmlElement, configuration: string | undefined): readonly PackageProperty[] {
  const className = attribute(section, 'class');
  const instance = attribute(section, 'instance');
  return childrenOf(section, 'Property').map((property) => {
    const key = [className, attribute(property, 'key'), instance].filter((part) => part !== undefined && part !== '').join('.');
    return defined({
      key,
      label: textOf(property, 'Label'),
      value: isPassword(property, key) ? undefined : propertyText(property, configuration) || undefined,
      userConfigurable: parseFlag(attribute(property, 'userConfigurable')),
    });
  });
}

/** `ovf:password="true"` (DSP0243 §9.5), vmw's `vmw:password`, the type or qualifier of the same name, or a telling key. */
function isPassword(property: XmlElement, key: string): boolean {
  if (parseFlag(attribute(property, 'password')) === true || parseFlag(attribute(property, 'password', 'vmw')) === true)
    return true;
  const type = `${attribute(property, 'type') ?? ''} ${attribute(property, 'qualifiers', 'vmw') ?? ''}`;
  return /password/i.test(type) || isSecretKey(key);
}

/** A Value element of the configuration wins over the attribute; 0.9 calls the attribute `defaultValue`. */
function propertyText(property: XmlElement, configuration: string | undefined): string | undefined {
  if (configuration !== undefined) {
    for (const value of childrenOf(property, 'Value')) {
      if (attribute(value, 'configuration') === configuration) return attribute(value, 'value');
    }
  }
  const general = childrenOf(property, 'Value').find((value) => attribute(value, 'configuration') === undefined);
  return attribute(property, 'value') ?? attribute(property, 'defaultValue') ?? (general && attribute(general, 'value'));
}
